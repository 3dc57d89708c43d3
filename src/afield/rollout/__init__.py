"""Rollout: a ladder that a candidate climbs on evidence, and the canary's assignment."""
