"""Where should the model live? Considerations weighed: the five designs simulated side by side, and a recommendation.

considering   considerations changed and checked
measured      what the real predictor costs here
options       a design at a place
chance        reproducible draws: connection, arrivals, delays
queue         the cloud's queue, by discrete events
fleet         devices through days, by discrete events
spreading     how an update and a rollback reach the fleet
accounts      what it all costs
planner       every option, over seeds, with a recommendation
moves         considerations moved alone, and through which values
tipping       the value of a consideration at which another option wins
"""
