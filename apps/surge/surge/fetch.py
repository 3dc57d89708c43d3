"""Downloads the monthly trip files that the city publishes, so that anybody can repeat the real-data result."""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from afield.data.download import Download, download
from afield.errors import DataError, UsageError
from surge.taxi import form_of

BASE_URL = "https://d37ci6vzurychx.cloudfront.net/trip-data"
"""Where the New York City Taxi and Limousine Commission publishes its trip records."""

SERVICES = ("green", "yellow")


def months(text: str) -> tuple[str, ...]:
    """Months in order, from text such as `2023-01`, `2023-01,2023-03` or `2023-01..2023-09`.

    >>> months("2022-11..2023-02")
    ('2022-11', '2022-12', '2023-01', '2023-02')

    Raises:
        UsageError: it is not such a text.
    """
    found: list[int] = []
    for part in text.split(","):
        ends = [_number(end) for end in part.split("..")]
        if len(ends) > 2 or ends[-1] < ends[0]:
            raise UsageError(f"{part!r} is not a stretch of months; write it as 2023-01..2023-09")
        found.extend(range(ends[0], ends[-1] + 1))
    return tuple(f"{number // 12:04d}-{number % 12 + 1:02d}" for number in sorted(set(found)))


def fetch(
    wanted: Sequence[str],
    folder: Path,
    base_url: str = BASE_URL,
    service: str = "green",
    *,
    told: Callable[[str], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Download, ...]:
    """The months' files in `folder/trips`, each readable; those already there are left alone.

    Args:
        wanted: months as `YYYY-MM`.
        folder: made when absent; afterwards `--data` can name it.
        base_url: where the files are published.
        service: `green` or `yellow`.
        told: is called with one line per file.
        pause: waits so many seconds between attempts.

    Raises:
        UsageError: no such service or month.
        DataError: a file is not published, does not arrive, or is not a trip file.
    """
    if service not in SERVICES:
        raise UsageError(f"service {service!r} is not known; use one of {', '.join(SERVICES)}")
    names = [f"{service}_tripdata_{month}.parquet" for month in months(",".join(wanted))]
    done = []
    for name in names:
        target = folder / "trips" / name
        done.append(download(f"{base_url.rstrip('/')}/{name}", target, pause))
        try:
            form_of(target)
        except DataError as error:
            raise DataError(
                f"{error} (as published at {done[-1].url}; remove the file before fetching again)"
            ) from error
        told(f"{name}: {done[-1].size} bytes, sha256 {done[-1].digest}")
    return tuple(done)


def _number(text: str) -> int:
    """Months since year 0."""
    match = re.fullmatch(r"\s*(\d{4})-(0[1-9]|1[0-2])\s*", text)
    if not match:
        raise UsageError(f"{text!r} is not a month; write it as 2023-01")
    return int(match[1]) * 12 + int(match[2]) - 1
