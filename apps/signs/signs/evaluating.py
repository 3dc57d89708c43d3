"""How well signs are read and translated, on a folder of pictures with their truth."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from afield.errors import DataError, RequestError
from afield.evaluation.texts import Rate, folded, rate
from signs.frames import decode
from signs.language.script import script
from signs.matching import Match, match
from signs.records import Frame, Line, Script

TRUTH = "truth.jsonl"
Kind = Literal["photo", "graphic", "scan", "synthetic"]
RENDERED: Kind = "synthetic"
END_MARKS = " .!?,;:。！？、"

ROW = "write one JSON object a line, with file and lines"
HINTS = {
    "kind": f"give one of {', '.join(get_args(Kind))}, or leave it out",
    "lang": 'give the ISO 639-1 code as a string, e.g. "ja", or leave it out',
}
"""What to do about a field that is malformed; about the others `ROW` says it."""

Reads = Callable[[Frame], tuple[Line, ...]]
Translates = Callable[[Frame, tuple[Line, ...]], Sequence[str | None]]


class Truth(msgspec.Struct, frozen=True):
    """What one picture shows: a line of `truth.jsonl`.

    Attributes:
        file: name of the picture, in the folder of the file.
        lines: texts, in reading order.
        ignore: legible texts that are not asked for.
        lang: ISO 639-1 of the foreign text.
        english: what the whole means; lines apart by a line break or ` / `.
        accepted: English renderings of each line, where they are known apart; as long as `lines`, or empty.
        kind: `synthetic` where it was rendered; the others count as photographs.
    """

    file: str
    lines: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    lang: str = ""
    english: str = ""
    accepted: tuple[tuple[str, ...], ...] = ()
    kind: Kind = "photo"


class Scores(msgspec.Struct, frozen=True):
    """Counts of some pictures, and what they say.

    Attributes:
        cer: wrong characters over characters of the truth, scripts that cannot be read left out; None of nothing.
        characters: of the truth, folded.
        errors: wrong, missing and added characters.
        lines: of the truth, those that cannot be read left out.
        lines_exact: read without an error, after folding.
        unreadable: lines of the truth in scripts that no installed reader knows.
        by_script: the same per script of the truth; what was read where no text is belongs to none.
        translation: `shown` as sure, of them `right` and `wrong`, and `abstained`: foreign lines without English.
        intervals: of `cer`, `lines_exact`, `translation.shown` and `translation.right`, Wilson, 95 %.
    """

    cer: float | None
    characters: int
    errors: int
    lines: int
    lines_exact: int
    unreadable: int
    by_script: dict[str, dict[str, float | int | None]]
    translation: dict[str, int]
    intervals: dict[str, Rate]


class Evaluation(msgspec.Struct, frozen=True):
    """Scores of all pictures, and of photographs and rendered signs apart."""

    all: Scores
    photographs: Scores
    rendered: Scores

    def document(self) -> dict[str, object]:
        """One flat document: the scores of all at the top, the other two below their names."""
        apart: dict[str, object] = {"photographs": self.photographs, "rendered": self.rendered}
        document: dict[str, object] = msgspec.to_builtins(msgspec.structs.asdict(self.all) | apart)
        return document


def evaluate(folder: Path, read: Reads, translate: Translates, unreadable: frozenset[Script]) -> Evaluation:
    """Scores of a reader and a translator on a folder of pictures.

    Read lines are matched to the truth whatever their order (see `signs.matching`). A translation is right where,
    case, white space and end punctuation aside, it equals an accepted rendering of its line; where the truth has
    none for each line, an English text of its picture. Lines that are English already need none and are not counted.

    Args:
        folder: pictures and their `truth.jsonl`.
        read: the lines of a frame, in reading order.
        translate: English of each line that is shown as sure, None where it abstains.
        unreadable: scripts that the reader does not know; lines of the truth in one are counted apart, and whatever
            is read in their place counts as wrong.

    Raises:
        DataError: the truth is missing or malformed, or names a picture that is missing or cannot be decoded.
    """
    tallies = {"photographs": _Tally(), "rendered": _Tally()}
    for truth in read_truth(folder):
        frame = _frame(folder, truth)
        lines = read(frame)
        tally = tallies["rendered" if truth.kind == RENDERED else "photographs"]
        tally.add(truth, lines, translate(frame, lines), unreadable)
    return Evaluation(_Tally(tallies.values()).scores(), *(tally.scores() for tally in tallies.values()))


def read_truth(folder: Path) -> list[Truth]:
    """The rows of a folder's `truth.jsonl`; blank ones are passed over.

    Raises:
        DataError: the file is missing or holds no row, or a row is malformed; names the file and the line.
    """
    path = folder / TRUTH
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; give a folder of pictures with their {TRUTH}") from error
    rows = [
        _row(path, number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()
    ]  # fmt: skip
    if not rows:
        raise DataError(f"{path} has no rows; write one JSON object a line, with file and lines")
    return rows


def _row(path: Path, number: int, line: bytes) -> Truth:
    try:
        row = msgspec.json.decode(line, type=Truth)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        field = re.search(r"\$\.(\w+)", str(error))
        hint = HINTS.get(field[1], ROW) if field else ROW
        raise DataError(f"{path}, line {number}: {error}; {hint}") from error
    if not row.file or Path(row.file).name != row.file:
        raise DataError(f"{path}, line {number}, field file: {row.file!r} is not the name of a file in this folder")
    if row.accepted and len(row.accepted) != len(row.lines):
        raise DataError(
            f"{path}, line {number}, field accepted: {len(row.accepted)} entries for {len(row.lines)} lines; "
            "give one list of renderings for each line, or leave it out"
        )
    return row


def _frame(folder: Path, truth: Truth) -> Frame:
    path = folder / truth.file
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; {TRUTH} names it") from error
    except RequestError as error:
        raise DataError(f"{path}: {error}") from error


class _Tally:
    """Counts, added up."""

    def __init__(self, parts: Iterable["_Tally"] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self.by_script: dict[str, Counter[str]] = {}
        for part in parts:
            self.counts.update(part.counts)
            for name, counts in part.by_script.items():
                self.by_script.setdefault(name, Counter()).update(counts)

    def add(
        self, truth: Truth, lines: Sequence[Line], english: Sequence[str | None], unreadable: frozenset[Script]
    ) -> None:
        """Count one picture."""
        readable = [place for place, text in enumerate(truth.lines) if script(text) not in unreadable]
        self.counts["unreadable"] += len(truth.lines) - len(readable)
        expected = [truth.lines[place] for place in readable]
        for found in match(expected, [line.text for line in lines], truth.ignore):
            self._read(found, expected)
            if found.truth or found.errors:
                places = [readable[place] for place in found.truth]
                self._translated(truth, places, [english[place] for place in found.read])

    def _read(self, found: Match, expected: Sequence[str]) -> None:
        self.counts["errors"] += found.errors
        for number, place in enumerate(found.truth):
            counts = self.by_script.setdefault(script(expected[place]), Counter())
            new = {"lines": 1, "lines_exact": int(found.errors == 0), "characters": len(folded(expected[place]))}
            self.counts.update(new)
            # Errors of joined lines cannot be told apart: the first one bears them.
            counts.update(new | {"errors": found.errors if number == 0 else 0})

    def _translated(self, truth: Truth, places: Sequence[int], english: Sequence[str | None]) -> None:
        """Count what is shown for matched lines; what is shown for no line of the truth is wrong."""
        accepted = [rendering for place in places for rendering in _renderings(truth, place)]
        own = {_plain(truth.lines[place]) for place in places}
        if places and (truth.lang == "en" or own <= set(accepted)):
            return
        shown = [_plain(text) for text in english if text]
        if not shown:
            self.counts["abstained"] += len(places)
            return
        self.counts["shown"] += 1
        self.counts["right" if set(shown) <= set(accepted) else "wrong"] += 1

    def scores(self) -> Scores:
        """What the counts say."""
        counts = self.counts
        rates = {
            "cer": rate(counts["errors"], counts["characters"]),
            "lines_exact": rate(counts["lines_exact"], counts["lines"]),
            "translation.shown": rate(counts["shown"], counts["shown"] + counts["abstained"]),
            "translation.right": rate(counts["right"], counts["shown"]),
        }
        by_script: dict[str, dict[str, float | int | None]] = {
            name: {"cer": rate(part["errors"], part["characters"]).value}
            | {key: part[key] for key in ("characters", "errors", "lines", "lines_exact")}
            for name, part in sorted(self.by_script.items())
        }
        return Scores(
            cer=rates["cer"].value,
            characters=counts["characters"],
            errors=counts["errors"],
            lines=counts["lines"],
            lines_exact=counts["lines_exact"],
            unreadable=counts["unreadable"],
            by_script=by_script,
            translation={key: counts[key] for key in ("shown", "right", "wrong", "abstained")},
            intervals=rates,
        )


def _renderings(truth: Truth, place: int) -> list[str]:
    """What the line may be in English, made plain."""
    if truth.accepted:
        return [_plain(text) for text in truth.accepted[place]]
    parts = [re.sub(r"^\([^)]*\)", "", part.strip()) for part in re.split(r"\n| / ", truth.english)]
    return [_plain(part) for part in parts if part]


def _plain(text: str) -> str:
    return folded(text).strip(END_MARKS)
