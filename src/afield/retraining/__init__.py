"""Retraining: when a new model should be trained."""
