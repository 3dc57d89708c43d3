"""Serving: one inference path, and the transports that call it."""
