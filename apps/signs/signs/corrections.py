"""What travellers put right, ready for review: `python -m signs.corrections` lists it as lines of a phrasebook.

A person looks through the list, keeps what is right and adds it to `phrases/LANGUAGE.tsv`. From then on the next build
has it, and `tests/test_corrections.py` holds every line of `phrases/reviewed.tsv` against the book, so that no later
change forgets it. The answers themselves are labels already: confidence is fitted on them.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl

from afield.application import load
from afield.home import Home
from afield.store.tables import Tables
from signs.language.script import script
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


def proposals(lines: pl.LazyFrame, verdicts: pl.LazyFrame, least: int = LEAST) -> tuple[Proposal, ...]:
    """Corrections on which at least `least` devices agree, the most frequent first.

    Args:
        lines: table `lines`, with the devices (hashed) that read them.
        verdicts: table `verdicts`.
        least: devices.
    """
    said = verdicts.filter(pl.col("text").is_not_null() & pl.col("english").is_not_null())
    rows = said.join(lines.select("line", "device"), on="line", how="left").collect().to_dicts()
    groups: dict[tuple[str, str], list[dict[str, str | None]]] = {}
    for row in rows:
        if key(row["text"]) and row["english"].strip():
            groups.setdefault((key(row["text"]), row["english"].strip().casefold()), []).append(row)
    made = [
        Proposal(
            str(group[0]["text"]).strip(),
            str(group[0]["english"]).strip(),
            script(str(group[0]["text"])),
            len(group),
            len({row["device"] for row in group}),
        )
        for group in groups.values()
    ]
    agreed = [each for each in made if each.devices >= least]
    return tuple(sorted(agreed, key=lambda each: (-each.devices, -each.lines, each.text)))


def main(arguments: list[str]) -> int:
    """Print the proposals of a home as phrasebook lines; gives the exit code."""
    parser = argparse.ArgumentParser("python -m signs.corrections", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".afield"), help="AFIELD_HOME; left out: .afield")
    parser.add_argument("--least", type=int, default=LEAST, help="devices that must agree")
    options = parser.parse_args(arguments)
    tables = Tables(Home.of(options.home, load("signs")).tables)
    if not (tables.exists("lines") and tables.exists("verdicts")):
        sys.stderr.write(f"{options.home}: nobody has corrected anything yet; serve first: afield serve signs\n")
        return 1
    sys.stdout.writelines(_lines(proposals(tables.scan("lines"), tables.scan("verdicts"), options.least)))
    return 0


def _lines(found: tuple[Proposal, ...]) -> Iterator[str]:
    yield "# text\tEnglish (review each line; then add it to phrases/LANGUAGE.tsv and phrases/reviewed.tsv)\n"
    for each in found:
        yield f"# {each.script}, {each.lines} lines, {each.devices} devices\n{each.text}\t{each.english}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
