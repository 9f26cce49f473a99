"""From what was counted to a verdict: evidence, limits, and one pure function."""
