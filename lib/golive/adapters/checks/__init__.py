"""Checks, one family a file."""
