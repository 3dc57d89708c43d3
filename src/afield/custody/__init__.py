"""What is kept of traffic and of people: how complete it is, what it costs, for how long, and how it is erased."""
