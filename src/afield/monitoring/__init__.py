"""Monitoring: estimates of production quality and drift, with honest intervals, and the alerts they raise."""
