"""Surge: forecast ride orders per zone and slot, and price by the shortfall."""
