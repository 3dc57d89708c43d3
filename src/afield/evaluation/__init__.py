"""Whether a model is better, for whom, than what, and whether that is enough to release it."""
