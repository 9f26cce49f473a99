"""What the guard does: it looks, judges, shifts on request and rolls back by itself."""
