"""golive: go-live runbooks as notebooks, with evidence, proof and a record."""

__version__ = "0.1.0"
