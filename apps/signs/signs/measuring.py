"""What the whole chain does on signs that no learned part has seen: for the gates, and for the benchmark."""

import random
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files as resources

import msgspec
import numpy as np
import polars as pl

from afield.evaluation.classes import several
from afield.evaluation.texts import Rate, folded, rate
from afield.serving.inference import Parts
from afield.training.scoring import matrix
from signs.concluding import shown_as_sure
from signs.evaluating import END_MARKS
from signs.frames import decode
from signs.kit import prepare
from signs.language.examples import Text as Known
from signs.language.examples import examples, held_out
from signs.matching import match
from signs.parts import SEED, all_texts
from signs.records import LANGUAGES, Language
from signs.rendering.pictures import picture
from signs.rendering.signs import Sign, Text
from signs.translation.book import Book, accepted
from signs.translation.dictionaries import Words
from signs.translation.keys import key

SIGNS = 120
FRAMES = 1500
SIZE = (480, 360)
ONE_SENSE = ("a", "b")
LANGUAGES_RENDERED: tuple[Language, ...] = ("ja", "zh")


class Rendered(msgspec.Struct, frozen=True):
    """What the chain does on rendered signs, one line each.

    Attributes:
        character_errors: wrong characters over those of the signs.
        exact: lines read without an error.
        shown: of the known lines, how many are shown as sure.
        shown_phrases, shown_words: the same of those from the phrasebook, and from the dictionaries.
        shown_exact: the same of those that were read without an error.
        right: of all lines shown as sure, known or not, how many are right.
        guessed: of the unknown lines, how many are shown as sure.
    """

    character_errors: Rate
    exact: Rate
    shown: Rate
    shown_phrases: Rate
    shown_words: Rate
    shown_exact: Rate
    right: Rate
    guessed: Rate


def measures(_scored: pl.DataFrame, parts: Parts, files: Mapping[str, bytes]) -> dict[str, float]:
    """The chain on rendered signs whose phrases were held out, and the languages of held-out phrases."""
    found = rendered(parts, files, SIGNS, SEED)
    return {
        "character_error_rate": found.character_errors.value or 0.0,
        "share_shown": found.shown.value or 0.0,
        "precision_of_shown": found.right.value if found.right.value is not None else 1.0,
        "unknown_shown": found.guessed.value or 0.0,
        "language_macro_f1": language_f1(parts),
    }


def language_f1(parts: Parts) -> float:
    """Macro-F1 of the language of phrases that were held out, in generated frames."""
    held: list[Known] = [text for text in all_texts() if held_out(text.group)]
    drawn = examples(held, FRAMES, SEED).filter("phrase")
    outputs = parts["language"].run(matrix(drawn, parts["language"].features))
    given = np.column_stack([outputs[name] for name in LANGUAGES])
    return several(drawn["truth"].to_list(), given, LANGUAGES, resamples=100).macro_f1.value


def rendered(
    parts: Parts, files: Mapping[str, bytes], signs: int, seed: int, words: Sequence[Text] | None = None
) -> Rendered:
    """The chain on `signs` rendered signs in Japanese and Chinese, half of them known, half in no book.

    Half of the known half are phrases, half are words of the dictionaries; all of it was held out of the fitting of
    every learned part. What is in no book comes from `phrases/unknown_LANGUAGE.txt`.

    Args:
        parts: of a release.
        files: its tables, by name.
        signs: how many.
        seed: of the choice and of the pictures.
        words: to choose the words from; where None, held-out words of one sense, right as the dictionary has them.
    """
    kit = prepare(parts, files.__getitem__)
    book = Book.opened(files["phrases.json"])
    if words is None:
        words = known_words(book, Words.opened(files["words.bin"]))
    counts = {name: [0, 0] for name in Rendered.__struct_fields__}
    for number, text in enumerate(chosen(book, words, signs, seed)):
        taken = picture([Sign((text,))], seed + number, size=SIZE)
        if not taken.lines:
            continue
        lines = kit.reader.read(decode(taken.content))
        found = kit.understood(lines, None)
        told = [english for english in shown_as_sure(found, parts) if english]
        errors = sum(each.errors for each in match([text.text], [line.text for line in lines]))
        _add(counts["character_errors"], errors, len(folded(text.text)))
        _add(counts["exact"], errors == 0, 1)
        of_book = book.find(text.text, text.language) is not None
        known = of_book or text in words
        kinds = ("shown", "shown_phrases" if of_book else "shown_words", *(("shown_exact",) if errors == 0 else ()))
        for name in kinds if known else ("guessed",):
            _add(counts[name], bool(told), 1)
        if told:
            _add(counts["right"], {_plain(each) for each in told} <= {_plain(each) for each in text.english}, 1)
    return Rendered(**{name: rate(*pair) for name, pair in counts.items()})


def chosen(book: Book, words: Sequence[Text], signs: int, seed: int) -> Sequence[Text]:
    """A quarter phrases of the book, held out, a quarter `words`, and half texts in no book; in both languages."""
    generator = random.Random(seed)  # noqa: S311 - a choice of phrases is no secret
    found: list[Text] = []
    for language in LANGUAGES_RENDERED:
        held = {text.text for text in _held(language) if text.phrase}
        known = accepted(book.table.languages[language]).items()
        phrases = [Text(spelling, language, renderings) for spelling, renderings in known if spelling in held]
        single = [text for text in words if text.language == language]
        unknown = [Text(text, language) for text in unknown_texts(language)]
        share = signs // (4 * len(LANGUAGES_RENDERED))
        for some, count in ((phrases, share), (single, share), (unknown, 2 * share)):
            found += generator.sample(some, min(count, len(some)))
    return found


def known_words(book: Book, words: Words) -> list[Text]:
    """Words of one sense that were held out, and that the book does not have."""
    found: list[Text] = []
    for language in LANGUAGES_RENDERED:
        for text in (each.text for each in _held(language) if not each.phrase):
            kind, gloss = words.find(key(text), language) or ("", "")
            if kind in ONE_SENSE and book.find(text, language) is None:
                found.append(Text(text, language, (gloss,)))
    return found


@cache
def _held(language: Language) -> tuple[Known, ...]:
    return tuple(text for text in all_texts() if text.language == language and held_out(text.group))


def unknown_texts(language: Language) -> list[str]:
    """Texts of signs that stand in no phrasebook and in no dictionary."""
    return resources("signs").joinpath(f"phrases/unknown_{language}.txt").read_text("utf-8").split()


def _add(count: list[int], more: int, total: int) -> None:
    count[0] += more
    count[1] += total


def _plain(text: str) -> str:
    return folded(text).strip(END_MARKS)
