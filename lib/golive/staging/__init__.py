"""Real programs on one machine: their configurations, as functions that give text."""
