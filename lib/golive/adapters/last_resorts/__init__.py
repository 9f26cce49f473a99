"""Last resorts: what keeps visitors off the canary when the router does not."""
