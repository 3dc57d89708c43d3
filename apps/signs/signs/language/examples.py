"""Examples for the classifier of languages: frames that are put together from phrases, words, names and numbers."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

import numpy as np
import polars as pl

from signs.language.features import FEATURES, MARKS, TOKENS, of_country
from signs.language.place import spoken
from signs.language.script import script
from signs.records import LANGUAGES

HOMES = {
    "ja": {"JP": 1.0},
    "zh": {"TW": 0.35, "CN": 0.35, "HK": 0.2, "SG": 0.1},
    "ko": {"KR": 1.0},
    "fr": {"FR": 0.7, "BE": 0.1, "CH": 0.1, "CA": 0.1},
    "de": {"DE": 0.7, "AT": 0.2, "CH": 0.1},
    "es": {"ES": 0.6, "MX": 0.2, "AR": 0.2},
    "en": {"GB": 0.5, "US": 0.3, "AU": 0.2},
}
"""Where the frames are taken: local language, drawn evenly → country → how often."""
LOCAL, ENGLISH, NEITHER = 0.72, 0.15, 0.08
"""Of a frame's lines: in the local language, in English, in none (numbers, names); what is left is in any language."""
PLACE_KNOWN = 0.7
PHRASES = 0.6
"""How many of the texts are phrases of signs; the others are words."""
WITHOUT_ACCENTS = 0.1
"""How many of the texts in Latin letters lack their accents, as capitals and readers often do."""
MOST_LINES = 6
HELD = 0.2
UNSPACED = ("ja", "zh", "ko")


class Phrased(Protocol):
    """One phrase of the phrasebook."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """How signs write it; `{1}` stands for a number."""
        ...

    @property
    def renderings(self) -> tuple[str, ...]:
        """What it is called in English, the best first."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a language.

    Attributes:
        text: as it stands on a sign.
        language: one of `LANGUAGES`.
        group: the same for all spellings of a phrase in all languages, so that it can be held out as a whole.
        phrase: whether it is from the phrasebook.
    """

    text: str
    language: str
    group: str
    phrase: bool


def texts(phrases: Mapping[str, Sequence[Phrased]], words: Mapping[str, Sequence[str]], seed: int) -> tuple[Text, ...]:
    """Every spelling and rendering of the phrases, the words that are none of them, and generated numbers.

    Args:
        phrases: language → its phrasebook.
        words: language → words; `other`: names.
        seed: of the numbers.
    """
    random = np.random.default_rng(seed)
    found: dict[tuple[str, str], Text] = {}
    groups = grouped(phrases)
    for language, book in sorted(phrases.items()):
        for phrase in book:
            group = groups[phrase.spellings[0]]
            pairs = [*((each, language) for each in phrase.spellings), *((each, "en") for each in phrase.renderings)]
            for text, its in pairs:
                if its in UNSPACED and script(text) in ("latin", "none"):
                    continue  # "AED" and "{1}km" stand in many a book, and are no more Japanese than French
                found.setdefault((text, its), Text(_filled(text, random), its, group, phrase=True))
    taken = {text.casefold() for text, _ in found}
    plain = [
        Text(word, language, f"word {word}", phrase=False)
        for language, listed in sorted(words.items())
        for word in listed
        if word.casefold() not in taken
    ]
    numbers = [Text(text, "other", f"number {text}", phrase=False) for text in sorted(set(_numbers(random, 2000)))]
    return (*found.values(), *plain, *numbers)


def grouped(phrases: Mapping[str, Sequence[Phrased]]) -> dict[str, str]:
    """Spelling → the group of its phrase: the same for all spellings of one meaning, in every language."""
    groups: dict[str, str] = {}
    for _, book in sorted(phrases.items()):
        for phrase in book:
            known = [groups[spelling] for spelling in phrase.spellings if spelling in groups]
            groups.update(dict.fromkeys(phrase.spellings, known[0] if known else phrase.renderings[0].casefold()))
    return groups


def held_out(group: str, share: float = HELD) -> bool:
    """Whether the group is one of those that are held out of fitting: about `share` of them, always the same."""
    return crc32(group.encode()) % 10_000 < share * 10_000


def examples(some: Sequence[Text], frames: int, seed: int) -> pl.DataFrame:
    """Rows of generated frames, made of nothing but `some` texts.

    Columns: `FEATURES` and `TOKENS`, `truth` (the language), `text`, `group`, `phrase`, `lines` (of the frame),
    `placed` (whether its country is known) and `weight`.

    Args:
        some: of all `LANGUAGES`; those held out, or those not held out.
        frames: how many.
        seed: of every draw.
    """
    random = np.random.default_rng(seed)
    pools = _pools(some)
    blocks, notes = [], []
    for _ in range(frames):
        local = str(random.choice(list(HOMES)))
        code = str(random.choice(list(HOMES[local]), p=list(HOMES[local].values())))
        placed = bool(random.random() < PLACE_KNOWN)
        lines = [_drawn(pools, _language(local, code, random), random) for _ in range(_size(random))]
        written = [_written(line, random) for line in lines]
        blocks.append(of_country(written, code if placed else None))
        notes += [
            (line.language, text, line.group, line.phrase, len(lines), placed)
            for line, text in zip(lines, written, strict=True)
        ]
    numbers = pl.DataFrame(np.vstack(blocks), schema=[*FEATURES, *TOKENS])
    labels = pl.DataFrame(notes, schema=["truth", "text", "group", "phrase", "lines", "placed"], orient="row")
    # A language weighs as much as another, however often the frames show it.
    weight = pl.len() / pl.len().over("truth") / len(LANGUAGES)
    return pl.concat([numbers, labels], how="horizontal").with_columns(weight.sqrt().alias("weight"))


def _pools(some: Sequence[Text]) -> dict[tuple[str, bool], list[Text]]:
    pools: dict[tuple[str, bool], list[Text]] = {}
    for text in some:
        pools.setdefault((text.language, text.phrase), []).append(text)
    return pools


def _drawn(pools: Mapping[tuple[str, bool], list[Text]], language: str, random: np.random.Generator) -> Text:
    kinds = [kind for kind in (True, False) if (language, kind) in pools]
    phrase = kinds[0] if len(kinds) == 1 else bool(random.random() < PHRASES)
    pool = pools[language, phrase]
    return pool[int(random.integers(len(pool)))]


def _language(local: str, code: str, random: np.random.Generator) -> str:
    """The language of one line of a frame taken in that country."""
    chance = random.random()
    if chance < LOCAL:
        return str(random.choice([local, *spoken(code)]))
    if chance < LOCAL + ENGLISH:
        return "en"
    return "other" if chance < LOCAL + ENGLISH + NEITHER else str(random.choice(list(HOMES)))


def _size(random: np.random.Generator) -> int:
    """How many lines a frame has: often one or two."""
    return min(int(random.geometric(0.45)), MOST_LINES)


def _written(text: Text, random: np.random.Generator) -> str:
    if text.language not in MARKS or random.random() >= WITHOUT_ACCENTS:
        return text.text
    apart = unicodedata.normalize("NFD", text.text)
    return "".join(each for each in apart if not unicodedata.combining(each))


def _filled(text: str, random: np.random.Generator) -> str:
    """The text with numbers in the place of `{1}` and `{2}`."""
    for hole in ("{1}", "{2}", "{3}", "{4}"):
        text = text.replace(hole, str(int(random.choice([1, 2, 3, 5, 10, 15, 20, 50, 100, 300, 1000]))))
    return text


def _numbers(random: np.random.Generator, count: int) -> Iterator[str]:
    """What signs have beside words: numbers, times, prices, telephone numbers, gates, plates."""
    forms = ("{0}", "{0}:{1:02}", "{0}:{1:02}-{2}:{1:02}", "{3}-{4}-{4}", "¥{4}", "€{0}.{1:02}", "{5}{0}", "{0}{5}")
    more = ("{0}F", "B{0}", "{4}", "{0}%", "{0}km", "{0}/{1}", "P{0}", "www.{6}.com", "@{6}", "{6}", "No.{0}", "№ {0}")
    for _ in range(count):
        form = str(random.choice([*forms, *more]))
        small, minute, late, area, long = (int(random.integers(1, top)) for top in (24, 60, 24, 99, 9999))
        letter = chr(65 + int(random.integers(26)))
        name = "".join(chr(97 + int(each)) for each in random.integers(0, 26, int(random.integers(2, 6))))
        yield form.format(small, minute, late, f"0{area}", long, letter, name)
