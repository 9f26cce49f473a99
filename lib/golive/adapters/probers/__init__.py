"""Ways to send requests of our own."""
