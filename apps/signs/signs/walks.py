"""Where the lines come from that confidence is fitted on: generated walks, read, each line with its truth."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

from afield.data.sources import Extract, Source
from afield.errors import UsageError
from afield.records.release import Part
from afield.serving.model import Model
from signs.concluding import observed_rows, told
from signs.frames import decode
from signs.kit import Kit, prepare
from signs.language.examples import grouped, held_out
from signs.operating import STEP
from signs.parts import standing
from signs.person import matched, read_right
from signs.records import LANGUAGES
from signs.rendering.cameras import REGIMES
from signs.rendering.signs import Text, texts
from signs.shown import shown
from signs.tables import SCHEMAS
from signs.translation.book import Book, phrases_table
from signs.walk import Taken, walk

SEED, DAYS, FRAMES_A_DAY, START = 7, 6, 90, datetime(2026, 4, 26)
TESTED, MORE = 2, 2
"""Days at the end whose signs carry held-out phrases alone: confidence is chosen and tested on what nothing was fitted
on. They have `MORE` times as many frames: with fewer, chance hides what two recipes differ by."""


@dataclass(frozen=True, slots=True)
class Walks:
    """Generated walks, read with the pretrained readers; every line is labelled with what stands there.

    Attributes:
        seed: of everything that is left to chance.
        start: of the first day.
        days: of fine weather and a good camera.
        frames: a day; on the tested days `MORE` times as many.
    """

    seed: int = SEED
    start: datetime = START
    days: int = DAYS
    frames: int = FRAMES_A_DAY

    @property
    def end(self) -> datetime:
        """The moment after the last day."""
        return self.start + timedelta(days=self.days)

    def fingerprint(self) -> str:
        """Digest of the settings; what the code makes of them is part of every step's key."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def read(self) -> Extract:
        """Tables `lines` and `verdicts`."""
        kit = opened_kit()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = [row for read in pool.map(lambda taken: labelled(taken, kit), self._taken()) for row in read]
        lines = pl.DataFrame([row[0] for row in rows], schema=SCHEMAS["lines"])
        verdicts = pl.DataFrame([row[1] for row in rows], schema=SCHEMAS["verdicts"])
        return Extract(
            tables={"lines": lines.lazy(), "verdicts": verdicts.lazy()},
            rows_read=lines.height,
            messages=(f"{self.days} generated days of travellers in six cities, seed {self.seed}: no sign is real",),
            generated=True,
        )

    def _taken(self) -> Iterator[Taken]:
        """The frames, day by day; of the last days with phrases that were held out of the fitting of languages."""
        fitted, held = split_phrases()
        for day in range(self.days):
            tested = day >= self.days - TESTED
            phrases, frames = (held, MORE * self.frames) if tested else (fitted, self.frames)
            start = self.start + timedelta(days=day)
            yield from walk(self.seed + day, start, 24, frames, phrases, turn=1.0, regimes=(REGIMES[0], REGIMES[0]))


def split_phrases() -> tuple[Sequence[Text], Sequence[Text]]:
    """Texts for signs: those that learned parts may be fitted on, and those held out."""
    languages = Book.opened(phrases_table()).table.languages
    groups = grouped(languages)
    both: tuple[list[Text], list[Text]] = ([], [])
    for language in LANGUAGES:
        for phrase in languages.get(language, ()):
            pair = both[held_out(groups[phrase.spellings[0]])]
            pair.extend(texts(language, [(phrase.spellings, phrase.renderings)], SEED))
    return both


def opened_kit() -> Kit:
    """The readers, languages and phrases of this code, opened without a release."""
    made = standing()
    parts = {
        name: Model(Part(name, each.features, each.outputs, each.recipe), each.onnx)
        for name, each in made.parts.items()
    }
    return prepare(parts, made.files.__getitem__)


def labelled(taken: Taken, kit: Kit) -> list[tuple[dict[str, object], dict[str, object]]]:
    """A row of `lines` and one of `verdicts` for each line that was read in a generated frame."""
    found = kit.understood(kit.reader.read(decode(taken.frame)), taken.place)
    if not found:
        return []
    rows, name = observed_rows(found), hashlib.sha256(taken.frame).hexdigest()[:16]
    answer = shown(told(f"{name}/{number}", each, 1.0, "automate") for number, each in enumerate(found))
    there = matched(taken.lines, answer)
    known_at = taken.at + STEP
    made: list[tuple[dict[str, object], dict[str, object]]] = []
    for number, (each, line) in enumerate(zip(found, answer, strict=True)):
        if not each.line.readable:
            continue
        features = [float(rows[column][number]) for column in rows]
        fields: dict[str, object] = {
            "line": line.id,
            "at": taken.at,
            "known_at": taken.at,
            "device": taken.device,
            "script": each.line.script,
            "language": each.language,
            "place": "",
            "shown": "automate",
            "features": msgspec.json.encode(features).decode(),
        }
        verdict: dict[str, object] = {
            "verdict": f"{line.id}/truth",
            "at": taken.at,
            "known_at": known_at,
            "line": line.id,
            "right": int(read_right(line, there.get(line.id))),
            "how": "generated",
            "asked": True,
            "text": None,
            "english": None,
        }
        made.append((fields, verdict))
    return made


def open_source(data: Path | None) -> Source:
    """The source that the command line names.

    Raises:
        UsageError: a folder of pictures is too little to fit anything on.
    """
    if data is not None:
        raise UsageError(
            f"{data}: confidence is fitted on generated walks, and later on what people say of their own; a folder of "
            "pictures can be scored: afield evaluate signs --data DIR, or played: afield demo signs --data DIR"
        )
    return Walks()
