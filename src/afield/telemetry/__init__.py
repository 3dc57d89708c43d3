"""What was predicted and what came true: sampled, spooled, delivered exactly once, and counted."""
