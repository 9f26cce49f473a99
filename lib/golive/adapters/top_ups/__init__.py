"""Requests of ours that top up a canary's evidence."""
