"""Markdown that no text from outside can break: sections, lists, tables, numbers with their intervals."""

import json
from collections.abc import Iterable, Sequence

from afield.records.evidence import Estimate

NONE = "–"
"""Stands where there is no number."""


def section(title: str, *bodies: str) -> str:
    """A heading with what stands under it; "" where nothing does."""
    there = [body for body in bodies if body]
    return "\n\n".join([f"## {plain(title)}", *there]) if there else ""


def introduced(words: str, body: str) -> str:
    """A sentence before a table or a list; "" where there is none to introduce."""
    return f"{words}\n\n{body}" if body else ""


def bullets(lines: Iterable[str], depth: int = 0) -> str:
    """A list; "" where there are no lines."""
    return "\n".join(f"{'  ' * depth}- {plain(line)}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or "" where there are no rows."""
    body = [_row(row) for row in rows]
    return "\n".join([_row(head), "|" + " --- |" * len(head), *body]) if body else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(plain(cell).replace("|", "\\|") for cell in cells) + " |"


def plain(text: str) -> str:
    """One line that cannot open a tag."""
    return " ".join(text.split()).replace("<", "&lt;")


def quoted(text: str) -> str:
    """A JSON string, which YAML reads as it stands."""
    return json.dumps(text, ensure_ascii=False)


def number(value: float | None) -> str:
    """A number to four digits behind the point."""
    return NONE if value is None else f"{value:.4f}"


def share(value: float, sign: bool = False) -> str:
    """A share as a percentage to a tenth."""
    return f"{value:+.1%}" if sign else f"{value:.1%}"


def estimated(estimate: Estimate) -> str:
    """A number with its interval."""
    interval = estimate.interval
    return f"{estimate.value:.4f} ({interval.level:.0%} interval {interval.low:.4f} to {interval.high:.4f})"


def ranged(estimate: Estimate, minus: float = 0.0, sign: bool = False) -> str:
    """A share with its interval, both as percentages, after taking `minus` off."""
    low, high = estimate.interval.low - minus, estimate.interval.high - minus
    return f"{share(estimate.value - minus, sign)} ({share(low, sign)} to {share(high, sign)})"
