"""`python -m afield` is the command line."""

from afield.cli import main

main()
