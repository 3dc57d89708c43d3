"""Why a line is shown as sure or not, in words for the traveller: how it was read, and how lines usually are."""

from collections.abc import Mapping
from math import exp

from afield.evaluation.explanation import Cause

Values = Mapping[str, float]


def reader(row: Values, usual: Values) -> str:
    """What the reader thinks of its own reading."""
    doubts = f"; {row['doubtful']:.0f} of them more likely wrong than right" if row["doubtful"] >= 1 else ""
    return (
        f"its characters were read with {row['mean_score']:.0%} certainty, usually {usual['mean_score']:.0%}; the "
        f"worst with {row['lowest_score']:.0%}, usually {usual['lowest_score']:.0%}{doubts}"
    )


def size(row: Values, usual: Values) -> str:
    """Height in pixels and sharpness."""
    sharp = exp(row["blur"] - usual["blur"])
    told = (
        "as sharp as usual"
        if 0.67 < sharp < 1.5
        else ("sharper than usual" if sharp > 1 else "more blurred than usual")
    )
    return f"letters {exp(row['height']):.0f} pixels high, usually {exp(usual['height']):.0f}; {told}"


def length(row: Values, usual: Values) -> str:
    """How long it is."""
    digits = f", {row['digits']:.0%} of them digits" if row["digits"] > 0 else ""
    return f"{exp(row['length']) - 1:.0f} characters{digits}, usually {exp(usual['length']) - 1:.0f}"


def stands(row: Values, _usual: Values) -> str:
    """Upright or slanted."""
    if row["vertical"] > 0:
        return "it runs from top to bottom"
    return "it is slanted" if row["slant"] > 0.1 else "it runs straight"


def known(row: Values, _usual: Values) -> str:
    """Whether a book has it."""
    return "the phrasebook or a dictionary has this text" if row["known"] > 0 else "no book has this text"


def script(row: Values, _usual: Values) -> str:
    """What it is written in."""
    names = [name.removeprefix("script_") for name, value in row.items() if name.startswith("script_") and value > 0]
    return f"written in: {', '.join(names) or 'nobody knows'}"


CAUSES: Mapping[str, Cause] = {
    "what the reader thinks": reader,
    "the finder of lines": lambda row, usual: (
        f"that there is text here is {row['detection']:.0%} certain, usually {usual['detection']:.0%}"
    ),
    "size and sharpness": size,
    "length and digits": length,
    "how it stands": stands,
    "phrasebook": known,
    "script": script,
}
