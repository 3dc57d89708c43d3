"""Another language that the model of confidence may be taken to: it is fitted without the lines of that language."""

from collections.abc import Mapping

import polars as pl

from afield.errors import UsageError
from afield.workshop.plan import Elsewhere
from signs.records import LANGUAGES

History = Mapping[str, pl.LazyFrame]


def elsewhere(text: str) -> Elsewhere:
    """The language that a person names, e.g. `ja`.

    Raises:
        UsageError: no such language is read.
    """
    if text not in LANGUAGES:
        raise UsageError(f"--elsewhere {text!r}: no such language is read; name one of {', '.join(LANGUAGES)}")

    def others(history: History) -> History:
        return {**history, "lines": history["lines"].filter(pl.col("language") != text)}

    def those(history: History) -> History:
        return {**history, "lines": history["lines"].filter(pl.col("language") == text)}

    return Elsewhere(f"lines in {text}", f"lines in every language but {text}", of_here=others, of_there=those)
