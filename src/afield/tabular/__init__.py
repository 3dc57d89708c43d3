"""Tabular: an application whose rows bring their own columns, from one declaration."""
