"""The control plane: one supervisor beside the workers keeps history, ticks, measures and decides."""
