"""Ways to read critical log entries."""
