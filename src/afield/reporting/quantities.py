"""Quantities in the unit that fits: durations, bytes, shares, money, energy."""

import math
from collections.abc import Callable

from afield.wording import NONE, SPACE

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

Show = Callable[[float], str]
"""A number → how a reader expects it."""


def span(value: float) -> str:
    """A duration in the unit that fits: `0.4 ms`, `2.1 s`, `15 min`, `12 d`; `never` where it has no end."""
    if math.isinf(value):
        return "never"
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1.0), ("ms", 1e-3)):
        if value >= (2 * length if length > 1 else length):
            return f"{plain(value / length)}{SPACE}{unit}"
    return f"{plain(value * 1e6)}{SPACE}µs" if value else f"0{SPACE}s"


def size(value: float) -> str:
    """Bytes in the unit that fits: `420 B`, `2.9 MB`."""
    for unit, length in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= length:
            return f"{plain(value / length)}{SPACE}{unit}"
    return f"{plain(value)}{SPACE}B"


def each_second(show: Show) -> Show:
    """What shows a rate of what `show` shows: `2 MB/s`."""
    return lambda value: f"{show(value)}/s"


def part(value: float) -> str:
    """A share as a percentage to three digits: `98.1 %`."""
    return NONE if math.isnan(value) else f"{100 * value:.3g}{SPACE}%"


def money(value: float) -> str:
    """A sum of money, in thousands or millions where it is large: `1,526`, `153 k`, `1.53 M`."""
    for unit, length in (("M", 1e6), ("k", 1e3)):
        if value >= (length if unit == "M" else 1e5):
            return f"{plain(value / length)}{SPACE}{unit}"
    return whole(value)


def joules(value: float) -> str:
    """Joules in the unit that fits: `570 J`, `6.7 mJ`, `69 µJ`."""
    if value >= 1 or value == 0:
        return f"{whole(value)}{SPACE}J"
    return f"{plain(value * 1e3)}{SPACE}mJ" if value >= 1e-3 else f"{plain(value * 1e6)}{SPACE}µJ"


def whole(value: float) -> str:
    """A number without a fraction from ten on."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == 0 else f"{value:.2g}"


def plain(value: float) -> str:
    """A number to three digits, whole from a thousand on."""
    return f"{value:,.0f}" if abs(value) >= 999.5 or value == int(value) else f"{value:.3g}"
