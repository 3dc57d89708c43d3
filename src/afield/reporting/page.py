"""The page: a report as one self-contained HTML document, without script and without any address to load from.

It holds to `POLICY`, which it also states in its head; all text is escaped, the charts alone are inserted as made.
"""

from collections.abc import Callable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from afield.reporting import charts, wording
from afield.reporting.content import Report, read
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
        _environment()
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


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("afield.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "signed": wording.signed,
        "share": wording.share,
        "level": wording.level,
        "none": wording.none,
        "moment": wording.moment,
        "seconds": wording.seconds,
        "short": wording.short,
        "metric_name": wording.metric_name,
        "pair_name": wording.pair_name,
        "as_metric": lambda value, name: wording.metric(name, value),
    }
    return environment


def _seen(report: Report) -> set[str]:
    """The stages, decisions and alerts that occurred: the legend explains no others."""
    stages = {span.stage for update in report.updates for span in update.stages}
    return stages | {update.decision for update in report.updates} | ({"alert"} if report.alerts else set())


def _felt(report: Report) -> list[dict[str, str]]:
    """A row per measure that riders felt: its name, its line, and the number of each arm."""
    felt = report.felt
    if felt is None:
        return []
    measured = {arm: getattr(felt, arm) or {} for arm in ARMS}
    names = dict.fromkeys([*wording.FELT, *(name for numbers in measured.values() for name in numbers)])
    rows = []
    for name in names:
        title, line = wording.FELT.get(name, (name.replace("_", " "), ""))
        if not report.data.generated:
            line = wording.CALLED.get(name, line)
        numbers = {arm: wording.number(measured[arm].get(name)) for arm in ARMS}
        if all(text == wording.NONE for text in numbers.values()):
            line = f"{line}: this data cannot say".lstrip(": ")
        rows.append({"title": title, "line": line, **numbers})
    return rows


def _metrics(report: Report) -> list[dict[str, str]]:
    """A row per metric of the three arms: its name, its line, and the value of each arm."""
    arms = {arm: getattr(report.accuracy, arm) for arm in ARMS}
    names = dict.fromkeys(name for values in arms.values() for name in values)
    return [
        {
            "title": wording.metric_name(name),
            "line": wording.METRICS.get(name, ("", ""))[1],
            **{arm: wording.metric(name, values.get(name)) for arm, values in arms.items()},
        }
        for name in names
    ]
