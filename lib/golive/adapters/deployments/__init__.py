"""What becomes of deployments, one vendor a file."""
