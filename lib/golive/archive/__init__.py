"""The sealed folder that shows, offline and years later, what happened."""
