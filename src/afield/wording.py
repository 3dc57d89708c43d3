"""Numbers, times and names as a reader expects them."""

import math
from datetime import datetime

from afield.records.words import Words

MINUS = "−"
SPACE = "\N{NO-BREAK SPACE}"
NONE = "–"
"""Stands where there is no number."""

ARMS = {"never_updated": "never updated", "kept": "kept by Afield", "baseline": "baseline"}

METRICS = {
    "rmse": ("RMSE", "root of the mean squared error; large misses weigh most"),
    "mae": ("MAE", "mean absolute error: how far off a forecast is on average"),
    "wape": ("WAPE", "absolute error as a share of all that happened; forecasting nothing scores 100 %"),
    "poisson_deviance": ("Poisson deviance", "error weighed as counts deserve: five off matters more where few came"),
    "bias": ("Bias", "sum of forecasts over sum of truth, minus one: whether forecasts run high or low"),
    "excess": ("Excess error", "squared error above what chance leaves: what a better forecast could still remove"),
    "squared_error": ("Squared error", "mean squared error; large misses weigh most"),
    "absolute_error": ("Absolute error", "how far off a forecast is on average"),
}  # fmt: skip

SHARES = {"wape", "bias"}


def number(value: float | None) -> str:
    """A number to four digits, whole from a thousand on: `0.5120`, `12,345`."""
    if value is None or not math.isfinite(value):
        return NONE
    size = abs(value)
    if size >= 1000 or value == int(value):
        text = f"{value:,.0f}"
    elif size >= 1:
        text = f"{value:#.4g}"
    else:
        text = f"{value:.4f}" if size >= 0.001 else f"{value:.2g}"
    return text.replace("-", MINUS)


def signed(value: float | None) -> str:
    """A difference, with its sign: `+0.5123`, `−12`."""
    text = number(value)
    return f"+{text}" if value is not None and value > 0 and text != NONE else text


def share(value: float | None, sign: bool = False) -> str:
    """A share as a percentage to a tenth: `61.2 %`; with `sign`, also where it is positive."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{100 * value:+.1f}" if sign else f"{100 * value:.1f}"
    return text.replace("-", MINUS) + f"{SPACE}%"


def level(value: float) -> str:
    """The level of an interval: `95 %`, `99.5 %`."""
    return f"{100 * value:.4g}{SPACE}%"


def none(count: int) -> str:
    """A count in a sentence: `none`, `1`, `12,345`."""
    return number(count) if count else "none"


def sentences(*texts: str) -> str:
    """The texts as sentences in a row: a capital at the head, a stop at the end, empty ones left out."""
    told = []
    for text in (text.strip() for text in texts):
        if text:
            word = text.rstrip(".!?:;,").partition(" ")[0]
            head = text[0].upper() + text[1:] if word.isalpha() else text
            told.append(head if head.endswith((".", "!", "?")) else f"{head}.")
    return " ".join(told)


def metric(name: str, value: float | None) -> str:
    """The value of a metric in its customary form."""
    if name in SHARES:
        return share(value, sign=name == "bias")
    return number(value)


def metric_name(name: str, words: Words) -> str:
    """What people call the metric; the application's own word goes before the usual one."""
    return _told(name, words)[0]


def metric_line(name: str, words: Words) -> str:
    """What the metric says, in a line; may be empty."""
    return _told(name, words)[1]


def _told(name: str, words: Words) -> tuple[str, str]:
    return words.metrics.get(name) or METRICS.get(name) or (name.replace("_", " "), "")


def pair_name(pair: str) -> str:
    """The two arms of a comparison in words: `kept by Afield against never updated`."""
    return " against ".join(ARMS.get(arm, arm.replace("_", " ")) for arm in pair.split(" - "))


def moment(at: datetime | None) -> str:
    """A domain time to the minute, that no line break splits: `9 Mar 2024 18:00`."""
    return NONE if at is None else f"{at.day} {at:%b %Y %H:%M}".replace(" ", SPACE)


def seconds(value: float | None) -> str:
    """A duration: `0.42 s`, `12.3 s`, `2 min 5 s`."""
    if value is None or not math.isfinite(value):
        return NONE
    if value >= 120:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{value:.1f} s" if value >= 10 else f"{value:.2g} s"


def short(digest: str) -> str:
    """A digest short enough to read aloud; shorter names stay as they are."""
    return digest[:12]
