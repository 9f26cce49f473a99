"""Real parts on one machine: their configurations and how they are found and run."""
