"""Drills: faults put into a service that the drill itself started, and whether the mitigations showed."""
