"""Opens the source of ride orders that a path names."""

from collections.abc import Mapping
from pathlib import Path

from afield.data.sources import Source
from afield.errors import UsageError
from surge.taxi import TaxiFiles


def open_source(data: Path | None, options: Mapping[str, str], cache: Path | None = None) -> Source:
    """The source at `data`: a taxi folder, a CSV or Parquet file, or None for the generated city.

    Args:
        data: folder or file.
        options: the application's options.
        cache: file that remembers digests of unchanged files, or None.

    Raises:
        UsageError: nothing is there.
    """
    if data is None:
        raise UsageError("give a folder of taxi files")
    if not data.exists():
        raise UsageError(f"{data}: there is no such file or folder")
    return TaxiFiles(data, options.get("earlier_years") == "yes", cache)
