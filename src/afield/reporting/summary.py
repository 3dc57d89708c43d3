"""The summary: what a run came to, for a terminal."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from afield import wording
from afield.reporting.content import Report, read
from afield.reporting.finding import finding, meaning


def summary(report: Mapping[str, object]) -> RenderableType:
    """The verdict, the three arms side by side, the paired differences and the commands to try next.

    Raises:
        DataError: the report lacks a key or holds a wrong type.
    """
    content = read(report)
    found = finding(content)
    return Group(
        Text(found.sentence, style="bold"),
        Text(found.grounds),
        _arms(content),
        _differences(content),
        Text("Try next:"),
        *(Text(f"  {command}", no_wrap=True, overflow="ignore") for command in content.next),
    )


def _arms(report: Report) -> Table:
    accuracy, felt = report.accuracy, report.felt
    table = Table(box=SIMPLE_HEAD)
    table.add_column("on the same traffic")
    for name in wording.ARMS.values():
        table.add_column(name, justify="right")
    if felt is not None:
        arms = [felt.never_updated, felt.kept, felt.baseline or {}]
        for measure in felt.measures:
            if any(arm.get(measure.name) is not None for arm in arms):
                table.add_row(measure.title, *(wording.number(arm.get(measure.name)) for arm in arms))
    arms = [accuracy.never_updated, accuracy.kept, accuracy.baseline]
    for name in dict.fromkeys(name for arm in arms for name in arm):
        table.add_row(wording.metric_name(name, report.words), *(wording.metric(name, arm.get(name)) for arm in arms))
    return table


def _differences(report: Report) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("paired")
    table.add_column("difference", justify="right")
    table.add_column("interval")
    table.add_column("")
    for pair, difference in report.accuracy.differences.items():
        first, _, second = (name.replace("_", " ") for name in pair.partition(" - "))
        value = wording.signed(difference.value)
        interval = f"{wording.signed(difference.low)} to {wording.signed(difference.high)}"
        if difference.ratio is not None:
            value += f" ({wording.share(difference.ratio - 1, sign=True)})"
        table.add_row(
            f"{first} {wording.MINUS} {second}\n{wording.metric_name(difference.metric, report.words)}",
            value,
            f"{interval}\nat {wording.level(difference.level)}",
            meaning(difference),
        )
    return table
