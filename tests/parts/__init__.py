"""Real parts for tests: small versions, and the programs that stand before them."""
