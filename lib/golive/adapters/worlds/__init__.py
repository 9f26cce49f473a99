"""Worlds that rehearsals start."""
