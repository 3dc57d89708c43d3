"""Translations of words: how many of those that were judged are right for a sign, by source and class of entry.

The judged ones stand in `apps/signs/tests/data/judged.tsv`, which says who judged them. A rate is set beside the `sure`
that the code gives: (right + 1) / (judged + 2), so that no sample makes anything certain. The table goes to stderr.
`python -m benchmarks.signs_glosses [--json]`.
"""

import sys
from collections import defaultdict
from pathlib import Path

import msgspec

from afield.evaluation.texts import Rate, rate
from benchmarks.measure import Result, show
from signs.records import Language, Translation
from signs.translation.book import HOLE, Book, phrases_table
from signs.translation.dictionaries import Words, words_table
from signs.translation.keys import key

JUDGED = Path(__file__).resolve().parents[1] / "apps" / "signs" / "tests" / "data" / "judged.tsv"
SOURCES = ("phrasebook", "dictionary a", "dictionary b", "dictionary c")
SHOWN, GOAL = ("phrasebook", "dictionary a"), 0.97
SAMPLES = ("first", "second")


class Judged(msgspec.Struct, frozen=True):
    """A translation, and whether it is right for a sign that says nothing else.

    Attributes:
        language: of the text.
        sample: `first`: classes were defined on it; `second`: drawn afterwards.
        source: `phrasebook` or `dictionary`.
        text, english: as they were judged.
        right: the verdict.
    """

    language: Language
    sample: str
    source: str
    text: str
    english: str
    right: bool


def main() -> None:
    """Look the judged texts up and count."""
    book, words = Book.opened(phrases_table()), Words.opened(words_table())
    counts: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    sure: dict[str, float] = {}
    for each in judged():
        text, language = _filled(each.text), each.language
        found = book(text, language) if each.source == "phrasebook" else words.whole(text, language)
        name = _name(found, words, each)
        counts[name, each.sample, language].append(each.right)
        if found is not None:
            sure[name] = found.sure
    for name in (*SOURCES, "no longer so"):
        for sample in SAMPLES:
            for language in ("ja", "zh"):
                _tell(f"{name}, {sample} sample, {language}", _rate(counts, name, sample, language))
    show(_result(name, _rate(counts, name), sure[name]) for name in SOURCES if name in sure)


def judged() -> list[Judged]:
    """The judged translations."""
    rows = [row.split("\t") for row in JUDGED.read_text("utf-8").splitlines() if not row.startswith("#")]
    return [
        Judged("ja" if code == "ja" else "zh", sample, source, text, english, verdict == "right")
        for code, sample, source, text, english, verdict in rows
    ]


def _name(found: Translation | None, words: Words, each: Judged) -> str:
    """Where a judged translation comes from now, or that it is another one now."""
    if found is None or found.english != _filled(each.english):
        return "no longer so"
    if found.source == "phrasebook":
        return "phrasebook"
    return f"dictionary {(words.find(key(each.text), each.language) or '?')[0]}"


def _filled(text: str) -> str:
    return HOLE.sub(lambda hole: f"{int(hole[1]) + 6}", text)


def _rate(counts: dict[tuple[str, str, str], list[bool]], name: str, *of: str) -> Rate:
    judged = [each for what, rows in counts.items() if what[0] == name and set(of) <= set(what) for each in rows]
    return rate(sum(judged), len(judged))


def _result(name: str, found: Rate, sure: float) -> Result:
    """The share of right ones beside what is claimed; the goal is that of all that is shown as sure."""
    _tell(name, found)
    share, claimed = found.value or 0.0, (found.count + 1) / (found.total + 2)
    goal = (f">= {GOAL}", share >= GOAL) if name in SHOWN else (None, None)
    return Result(f"right, {name}", share, "of 1", f"claimed {sure}, to claim {claimed:.3f}", share / sure, *goal)


def _tell(name: str, found: Rate) -> None:
    if found.value is not None and found.interval is not None:
        interval = f"[{found.interval.low:.3f}, {found.interval.high:.3f}]"
        sys.stderr.write(f"  {name:36s} {found.count} of {found.total} right, {found.value:.3f} {interval}\n")


if __name__ == "__main__":
    main()
