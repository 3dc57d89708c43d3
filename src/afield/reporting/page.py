"""The page: a report as one self-contained HTML document, without script and without any address to load from.

It holds to `POLICY`, which it also states in its head; all text is escaped, the charts alone are inserted as made.
"""

import base64
import re
from collections.abc import Callable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from afield import wording
from afield.errors import DataError
from afield.records.words import Words
from afield.reporting import charts
from afield.reporting.content import Report, Rows, read
from afield.reporting.finding import finding, meaning
from afield.reporting.story import story

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
WIDTHS = {"wide": 880, "narrow": 340}
"""Each chart is made twice, in pixels; the page shows the one that fits."""

SIGNS = {
    "alert": ("◆", "alert"),
    "promoted": ("▲", "live"),
    "rolled_back": ("▼", "taken back"),
    "rejected": ("✚", "turned down"),
}
"""What the marks of the timeline mean."""

ARMS = ("never_updated", "kept", "baseline")
PICTURES = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}
"""How a file of each kind begins."""

NUMBER = re.compile(r"[−+-]?\d[\d,.]*(\s?%)?|–|")
"""A cell that stands at the right of its column, if all others do."""


def page(report: Mapping[str, object]) -> str:
    """The HTML document; the same report gives the same bytes.

    Raises:
        DataError: the report lacks a key or holds a wrong type.
    """
    content = read(report)
    pairs = content.accuracy.differences
    felt = content.felt
    drawn = {
        "mistakes": _drawn(lambda width: charts.mistakes(felt, width) if felt else ""),
        "differences": _drawn(lambda width: charts.differences(pairs, width)),
        "timeline": _drawn(lambda width: charts.timeline(content, width) if content.timeline else ""),
    }
    return (
        templates(_filters(content.words))
        .get_template("report.html")
        .render(
            report=content,
            policy=POLICY,
            palette=charts.PALETTE,
            finding=finding(content),
            meaning=meaning,
            story=story(content),
            charts=drawn,
            arms={arm: wording.ARMS[arm] for arm in ARMS},
            felt=_felt(content),
            metrics=_metrics(content),
            seen=_seen(content),
            signs=SIGNS,
        )
    )


def _drawn(draw: Callable[[int], str]) -> dict[str, str]:
    drawn = {name: draw(width) for name, width in WIDTHS.items()}
    return drawn if any(drawn.values()) else {}


def templates(filters: Mapping[str, Callable[..., object]]) -> Environment:
    """The templates of pages, with these filters; what is inserted is escaped, a missing name refused."""
    environment = Environment(
        loader=PackageLoader("afield.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment


def _filters(words: Words) -> dict[str, Callable[..., object]]:
    return {
        "number": wording.number,
        "signed": wording.signed,
        "share": wording.share,
        "level": wording.level,
        "none": wording.none,
        "moment": wording.moment,
        "seconds": wording.seconds,
        "short": wording.short,
        "metric_name": lambda name: wording.metric_name(name, words),
        "pair_name": wording.pair_name,
        "as_metric": lambda value, name: wording.metric(name, value),
        "data_uri": _data_uri,
        "aligned": _aligned,
    }


def _data_uri(content: bytes) -> str:
    """The picture in an address of its own.

    Raises:
        DataError: it is neither PNG nor JPEG.
    """
    for kind, head in PICTURES.items():
        if content.startswith(head):
            return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    raise DataError("report: a picture of a section is neither PNG nor JPEG; give the bytes of such a file")


def _aligned(table: Rows) -> list[str]:
    """The class of each column: `n`, at the right, where all its cells are numbers."""
    columns = (tuple(row[place] for row in table.rows) for place in range(len(table.head)))
    return ["n" if all(NUMBER.fullmatch(cell) for cell in column) else "" for column in columns]


def _seen(report: Report) -> set[str]:
    """The stages, decisions and alerts that occurred: the legend explains no others."""
    stages = {span.stage for update in report.updates for span in update.stages}
    return stages | {update.decision for update in report.updates} | ({"alert"} if report.alerts else set())


def _felt(report: Report) -> list[dict[str, str]]:
    """A row per measure that people felt: its title, its line, and the number of each arm."""
    felt = report.felt
    if felt is None:
        return []
    measured = {arm: getattr(felt, arm) or {} for arm in ARMS}
    rows = []
    for measure in felt.measures:
        line, numbers = measure.line, {arm: wording.number(measured[arm].get(measure.name)) for arm in ARMS}
        if all(text == wording.NONE for text in numbers.values()):
            line = f"{line}: this data cannot say".lstrip(": ")
        rows.append({"title": measure.title, "line": line, **numbers})
    return rows


def _metrics(report: Report) -> list[dict[str, str]]:
    """A row per metric of the three arms: its name, its line, and the value of each arm."""
    arms = {arm: getattr(report.accuracy, arm) for arm in ARMS}
    names = dict.fromkeys(name for values in arms.values() for name in values)
    return [
        {
            "title": wording.metric_name(name, report.words),
            "line": wording.metric_line(name, report.words),
            **{arm: wording.metric(name, values.get(name)) for arm, values in arms.items()},
        }
        for name in names
    ]
