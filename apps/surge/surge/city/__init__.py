"""The generated city: places, rhythms, weather, events, orders, drivers. Nothing here is a recording."""
