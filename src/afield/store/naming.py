"""Which ledger a home keeps: the one that it was told to, noted in a file beside its keys, else a file of its own."""

from pathlib import Path

LEDGER_URL = "ledger.url"


def named_ledger(root: Path) -> str:
    """The URL of the ledger that the home `root` was told to keep (`afield.store.founding`); "" where it was not."""
    noted = root / LEDGER_URL
    return noted.read_text("utf-8").strip() if noted.is_file() else ""
