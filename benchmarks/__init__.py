"""Benchmarks: each module measures Afield and a named baseline in one run and prints their ratio."""
