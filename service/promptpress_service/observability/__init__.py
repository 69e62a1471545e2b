"""Metrics, logs and traces. None of them ever holds text, a query, a header's value or a tenant's key."""
