"""What is said to be true, by whom and how surely: one table of labels, agreement, conflicts, errors and the queue."""
