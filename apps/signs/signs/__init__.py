"""Signs: read and translate the signs that a camera sees, and say nothing where unsure."""
