"""What an application can show of itself: checks, answers traced back, releases rebuilt, the ML Test Score."""
