"""A live service."""
