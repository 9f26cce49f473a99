"""What a plan may call a release's commit."""

from __future__ import annotations

SHORTEST = 7


def a_commit(text: str) -> str:
    """Give a commit's hash in small letters; ValueError for what is none, or is too short to name one."""
    if len(text) < SHORTEST or not set(text.lower()) <= set("0123456789abcdef"):
        raise ValueError(f"a commit's hash of at least {SHORTEST} digits was expected")
    return text.lower()
