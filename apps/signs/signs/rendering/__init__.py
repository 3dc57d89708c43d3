"""Gives generated pictures of signs in streets, each with the truth of what stands on it."""
