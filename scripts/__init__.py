"""What the Makefile calls: set up, lock, write the reference, run the benchmarks."""
