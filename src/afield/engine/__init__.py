"""A function mapped over partitions: here, in local processes, or on a Ray cluster."""
