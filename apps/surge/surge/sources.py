"""Opens the source of ride orders that a path names."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from afield.data.reading import columns_of
from afield.data.sources import Source
from afield.errors import UsageError
from surge.application import SLOTS
from surge.generated import GeneratedCity
from surge.tabular import COLUMNS, OrderFile
from surge.taxi import TaxiFiles


def open_source(data: Path | None, options: Mapping[str, str], cache: Path | None = None) -> Source:
    """The source at `data`: a folder of taxi files, one file of orders, or None for the generated city.

    Args:
        data: folder or file (`.csv`, `.parquet`).
        options: `slot`; `date` of times of day; `earlier_years` (yes or no) of a taxi folder; `seed`,
            `density`, `days` and `change` of the generated city.
        cache: file that remembers digests of unchanged files, or None.

    Raises:
        UsageError: nothing is there, or an option does not fit.
        DataError: the file cannot be read.
    """
    if data is None:
        return generated(options)
    if not data.exists():
        raise UsageError(f"{data}: there is no such file or folder; name a folder of taxi files or a file of orders")
    if data.is_dir():
        return TaxiFiles(data, options.get("earlier_years", "no") == "yes", cache)
    if data.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError(f"{data}: is neither .csv nor .parquet; convert it, or name a folder of taxi files")
    if data.suffix.lower() == ".parquet" and "PULocationID" in columns_of(data) and not _is_order_file(data):
        return TaxiFiles(data, cache=cache)
    return OrderFile(data, _day(options), cache)


def generated(options: Mapping[str, str]) -> GeneratedCity:
    """The generated city with these options; see `GeneratedCity` for what is default.

    Raises:
        UsageError: an option is not a number, or out of range.
    """
    usual = GeneratedCity()
    slot = options.get("slot", "60m")
    if slot not in SLOTS:
        raise UsageError(f"slot {slot!r} is not known; use one of {', '.join(SLOTS)}")
    return GeneratedCity(
        seed=int(_number(options, "seed", usual.seed, least=0)),
        density=_number(options, "density", usual.density, least=0.01),
        days=int(_number(options, "days", usual.days, least=1)),
        change=int(_number(options, "change", usual.change, least=0)),
        slot=SLOTS[slot],
    )


def _number(options: Mapping[str, str], name: str, usual: float, least: float) -> float:
    text = options.get(name, str(usual))
    try:
        value = float(text)
    except ValueError as error:
        raise UsageError(f"option {name}={text!r} is not a number; leave it out for {usual:g}") from error
    if not least <= value <= 1e9:
        raise UsageError(
            f"option {name}={text} is out of range; give at least {least:g}, or leave it out for {usual:g}"
        )
    return value


def _day(options: Mapping[str, str]) -> date | None:
    text = options.get("date", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(f"option date={text!r} is not a day; write it as 2024-05-31") from error


def _is_order_file(path: Path) -> bool:
    return COLUMNS[1] in columns_of(path)
