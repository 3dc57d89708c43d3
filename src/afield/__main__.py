"""`python -m afield` is the command line."""

from afield.cli import main

if __name__ == "__main__":
    main()
