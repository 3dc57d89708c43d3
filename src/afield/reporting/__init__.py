"""Reporting: what a run came to, as a page for people, a table for the terminal and a file for programs."""
