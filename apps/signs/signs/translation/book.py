"""The phrasebook: phrases that signs carry, their spellings, and English for them, written by hand."""

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import TypeVar

import msgspec

from afield.errors import DataError
from signs.records import LANGUAGES, Language, Translation
from signs.translation.keys import DIGITS, NUMBERS, key, numeral
from signs.translation.twins import TWIN, Twins, twins

SURE = 0.993
"""How often a phrase that stands in the book word for word is translated right: 150 of 150 judged ones, see
benchmarks/signs_glosses.py; of several phrases in a row, each has to be."""
SURE_OF_TWIN = 0.97
"""The same where it is found by the twins of its characters only. Put into phrases, twins lead back to them always, see
docs/explanation/signs.md; but 3 of the 60 dictionary words that twins turn into phrases mean something else."""
SCHEMA = 1
HOLE = re.compile(r"\{(\d)\}")
SLOT = "\ue00a"

Slotted = tuple[tuple[str, ...], str]
"""What stands at each slot of a phrase, and its rendering."""
Found = TypeVar("Found")


class Phrase(msgspec.Struct, frozen=True, array_like=True):
    """One phrase: its spellings, and what it may be called in English, the best first."""

    spellings: tuple[str, ...]
    renderings: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """All phrases by language, and the twins of their characters; the file `phrases.json` of a release."""

    languages: dict[str, tuple[Phrase, ...]]
    schema: int = SCHEMA
    twins: dict[str, Twins] = {}


class Book:
    """Looks lines up as whole phrases."""

    def __init__(self, table: Table) -> None:
        """Look up in `table`."""
        self.table = table
        self._exact: dict[str, dict[str, str]] = {}
        self._holed: dict[str, dict[str, list[Slotted]]] = {}
        for language, phrases in table.languages.items():
            exact, holed = self._exact.setdefault(language, {}), self._holed.setdefault(language, {})
            for phrase in phrases:
                for spelling in phrase.spellings:
                    rendering = fitting(spelling, phrase.renderings)[0]
                    if HOLE.search(spelling):
                        frame, slots = _frame(spelling)
                        holed.setdefault(frame, []).append((slots, rendering))
                    else:
                        exact.setdefault(key(spelling), rendering)
        self._twins = {language: str.maketrans(*pair) for language, pair in table.twins.items()}
        self._exact_twins = {name: _alone(self._exact[name], each) for name, each in self._twins.items()}
        self._holed_twins = {name: _alone(self._holed[name], each) for name, each in self._twins.items()}

    @classmethod
    def opened(cls, raw: bytes) -> "Book":
        """The book in the bytes of `phrases.json`.

        Raises:
            DataError: they are no phrasebook of this schema.
        """
        try:
            table = msgspec.json.decode(raw, type=Table)
        except msgspec.MsgspecError as error:
            raise DataError(f"phrases.json: {error}; build the release again") from error
        if table.schema > SCHEMA:
            raise DataError(f"phrases.json has schema {table.schema}, newer than {SCHEMA}; upgrade afield-signs")
        return cls(table)

    def __call__(self, text: str, language: Language, /) -> Translation | None:
        """The English of a line that is a phrase, or is made of nothing but phrases with space between them."""
        whole = self.find(text, language)
        if whole is not None:
            return Translation(whole, "phrasebook", SURE, "a phrase of the phrasebook")
        parts = [self.find(part, language) for part in _parts(text, language)]
        if len(parts) < 1 or any(part is None for part in parts):
            return None
        english = ", ".join(dict.fromkeys(str(part) for part in parts))
        return Translation(english, "phrasebook", SURE ** len(parts), "phrases of the phrasebook, one after the other")

    def find(self, text: str, language: str) -> str | None:
        """The first rendering of a phrase, its numbers filled in; None where the book does not have it."""
        looked = key(text)
        found = self._exact.get(language, {}).get(looked)
        return found if found is not None else _numbered(looked, self._holed.get(language, {}), {})

    def twin(self, text: str, language: Language, /) -> Translation | None:
        """The English of the one phrase that differs from a line in nothing but twins of characters."""
        table = self._twins.get(language)
        if table is None:
            return None
        looked = key(text)
        found = self._exact_twins[language].get(looked.translate(table))
        if found is None:
            found = _numbered(looked, self._holed_twins[language], table)
        if found is None:
            return None
        return Translation(found, "phrasebook", SURE_OF_TWIN, f"a phrase of the phrasebook, {TWIN}")


def phrases_table() -> bytes:
    """`phrases.json` of a release, from the phrasebooks of this package."""
    folder = files("signs").joinpath("phrases")
    languages: dict[str, tuple[Phrase, ...]] = {
        str(name): tuple(read(folder.joinpath(f"{name}.tsv").read_text("utf-8"), f"{name}.tsv"))
        for name in LANGUAGES
        if folder.joinpath(f"{name}.tsv").is_file()
    }
    alike = {
        name: twins(name, (key(spelling) for phrase in phrases for spelling in phrase.spellings))
        for name, phrases in languages.items()
    }
    return msgspec.json.encode(Table(languages, twins={name: pair for name, pair in alike.items() if pair[0]}))


def read(text: str, name: str) -> Iterator[Phrase]:
    """The phrases of one file: `spelling | spelling TAB rendering | rendering` a line, `#` before a title.

    Raises:
        DataError: a line has not two columns, or a number that its rendering lacks.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 2:
            raise DataError(f"{name}, line {number}: {len(columns)} columns; give spellings, a tab, and renderings")
        phrase = Phrase(*(tuple(_alternatives(column)) for column in columns))
        for spelling in phrase.spellings:
            if not fitting(spelling, phrase.renderings):
                raise DataError(f"{name}, line {number}: {spelling!r} lacks a number that its renderings have")
        yield phrase


def fitting(spelling: str, renderings: tuple[str, ...]) -> tuple[str, ...]:
    """The renderings whose numbers the spelling has."""
    holes = set(HOLE.findall(spelling))
    return tuple(each for each in renderings if set(HOLE.findall(each)) <= holes)


def accepted(phrases: Iterable[Phrase]) -> Mapping[str, tuple[str, ...]]:
    """Every spelling → everything that it may be called."""
    return {each: fitting(each, phrase.renderings) for phrase in phrases for each in phrase.spellings}


def _alternatives(column: str) -> Iterator[str]:
    for each in column.split(" | "):
        if each.strip():
            yield each.strip()


def _frame(spelling: str) -> tuple[str, tuple[str, ...]]:
    """The key of a spelling with a mark for each number, and what stands there: the name of a hole, or digits."""
    pieces = HOLE.split(spelling)
    marked = "".join(piece if place % 2 == 0 else chr(0xE000 + int(piece)) for place, piece in enumerate(pieces))
    either = re.compile(rf"[\ue000-\ue009]|{DIGITS.pattern}")
    looked = key(marked)
    slots = tuple(chr(ord(each) - 0xE000 + 0x30) if each >= "\ue000" else f"={each}" for each in either.findall(looked))
    return either.sub(SLOT, looked), slots


def _alone(phrases: Mapping[str, Found], table: Mapping[int, int]) -> dict[str, Found]:
    """The phrases by the forms of their twins, without those that several have."""
    by_form: dict[str, list[Found]] = {}
    for looked, found in phrases.items():
        held = by_form.setdefault(looked.translate(table), [])
        if found not in held:
            held.append(found)
    return {form: held[0] for form, held in by_form.items() if len(held) == 1}


def _numbered(looked: str, holed: Mapping[str, list[Slotted]], table: Mapping[int, int]) -> str | None:
    """The rendering of a phrase with numbers in it; its other characters are looked up as `table` puts them."""
    for numbers in (DIGITS, NUMBERS):
        given = numbers.findall(looked)
        for slots, rendering in holed.get(numbers.sub(SLOT, looked).translate(table), ()) if given else ():
            filled = _filled(slots, given)
            if filled is not None:
                return HOLE.sub(lambda hole, held=filled: held[hole[1]], rendering)  # type: ignore[misc]
    return None


def _filled(slots: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    """The numbers of a text by the holes that they fill; None where they do not fit."""
    filled: dict[str, str] = {}
    for slot, number in zip(slots, given, strict=False):
        if slot.startswith("="):
            if numeral(number) != slot[1:]:
                return None
        elif filled.setdefault(slot, numeral(number)) != numeral(number):
            return None
    return filled if len(slots) == len(given) else None


def _parts(text: str, language: str) -> list[str]:
    """What stands between spaces and bars; beside Chinese characters, English is a translation of them already."""
    parts = [part for part in re.split(r"[\s/|／｜・]+", text) if key(part)]
    if language in ("ja", "zh", "ko"):
        return [part for part in parts if not part.isascii() or part.isdecimal()]
    return parts if len(parts) > 1 and language not in ("fr", "de", "es") else []
