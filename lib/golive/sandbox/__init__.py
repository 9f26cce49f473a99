"""A small real world on loopback: stable, canary, router, visitors, faults."""
