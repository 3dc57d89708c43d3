"""What travellers put right, ready for review: `python -m signs.corrections` lists it as lines of a phrasebook.

A person looks through the list, keeps what is right and adds it to `phrases/LANGUAGE.tsv`. From then on the next build
has it, and `tests/test_corrections.py` holds every line of `phrases/reviewed.tsv` against the book, so that no later
change forgets it. The answers themselves are labels already: confidence is fitted on them.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import polars as pl

from afield.application import load
from afield.cli import home_folder
from afield.home import Home
from afield.store.tables import Tables
from signs.language.script import script
from signs.translation.book import Book, accepted, phrases_table
from signs.translation.keys import key

LEAST = 2
"""Travellers who must have put in the same before it is proposed: one may be wrong, or joking."""


class Proposal(msgspec.Struct, frozen=True):
    """A text and its English as travellers put them.

    Attributes:
        text: what stands on the sign.
        english: what it means.
        script: that it is written in.
        lines: how many lines were corrected so.
        devices: how many devices they came from.
    """

    text: str
    english: str
    script: str
    lines: int
    devices: int


def proposals(lines: pl.LazyFrame, verdicts: pl.LazyFrame, book: Book, least: int = LEAST) -> tuple[Proposal, ...]:
    """Corrections on which at least `least` devices agree, the most frequent first.

    The latest verdict of an id counts, and the latest correction of a line. What is said of a line that was never read,
    or that no device is known of, counts for nothing.

    Args:
        lines: table `lines`, with the devices (hashed) that read them.
        verdicts: table `verdicts`.
        book: what it says already is left out; other English for one of its phrases is proposed.
        least: devices.
    """
    in_order = verdicts.sort("known_at", "at", maintain_order=True).unique("verdict", keep="last", maintain_order=True)
    said = in_order.filter(pl.col("text").is_not_null() & pl.col("english").is_not_null())
    read = lines.filter(pl.col("device").is_not_null()).select("line", "device").unique("line")
    latest = said.unique("line", keep="last", maintain_order=True)
    rows = latest.join(read, on="line", how="inner", maintain_order="left").collect().to_dicts()
    known = _known(book)
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        text, english = key(row["text"]), row["english"].strip().casefold()
        if text and english and english not in known.get(text, ()):
            groups.setdefault((text, english), []).append(row)
    made = [
        Proposal(
            group[0]["text"].strip(),
            group[0]["english"].strip(),
            script(group[0]["text"]),
            len(group),
            len({row["device"] for row in group}),
        )
        for group in groups.values()
    ]
    agreed = [each for each in made if each.devices >= least]
    return tuple(sorted(agreed, key=lambda each: (-each.devices, -each.lines, each.text)))


def _known(book: Book) -> Mapping[str, set[str]]:
    """The key of every spelling of the book → what it may be called, without case."""
    known: dict[str, set[str]] = {}
    for phrases in book.table.languages.values():
        for spelling, renderings in accepted(phrases).items():
            known.setdefault(key(spelling), set()).update(each.casefold() for each in renderings)
    return known


def main(arguments: list[str]) -> int:
    """Print the proposals of a home as phrasebook lines; gives the exit code."""
    parser = argparse.ArgumentParser("python -m signs.corrections", description=__doc__)
    parser.add_argument("--home", type=Path, default=home_folder(), help="left out: AFIELD_HOME, else .afield")
    parser.add_argument("--least", type=int, default=LEAST, help="devices that must agree")
    options = parser.parse_args(arguments)
    tables = Tables(Home.of(options.home, load("signs")).tables)
    if not (tables.exists("lines") and tables.exists("verdicts")):
        sys.stderr.write(f"{options.home}: nobody has corrected anything yet; serve first: afield serve signs\n")
        return 1
    book = Book.opened(phrases_table())
    sys.stdout.writelines(_lines(proposals(tables.scan("lines"), tables.scan("verdicts"), book, options.least)))
    return 0


def _lines(found: tuple[Proposal, ...]) -> Iterator[str]:
    yield "# text\tEnglish (review each line; then add it to phrases/LANGUAGE.tsv and phrases/reviewed.tsv)\n"
    for each in found:
        yield f"# {each.script}, {each.lines} lines, {each.devices} devices\n{each.text}\t{each.english}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
