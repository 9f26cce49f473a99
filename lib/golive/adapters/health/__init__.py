"""Ways to ask a version for its health."""
