"""Metric sources, one file each."""
