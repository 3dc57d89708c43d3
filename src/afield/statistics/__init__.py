"""Statistics of production evidence: losses, weighted estimates, bootstrap, confidence sequences, power."""
