"""The constants that the phone shares with Python, as the JSON that its TypeScript imports."""

import json
from collections.abc import Mapping
from types import ModuleType

from signs import concluding, confidence, kit, safety, sights, slicing
from signs.reading import arcs, chain, detection, order, recognition
from signs.translation import book, dictionaries, entries, keys, segmentation, twins

SHARED: Mapping[ModuleType, tuple[str, ...]] = {
    concluding: ("SURE", "DOUBTFUL", "TRUSTED"),
    safety: ("WORDS", "PARTS", "SOURCES"),
    sights: ("ASKED",),
    kit: ("LEAST", "ENGLISH", "SILENT"),
    slicing: ("SAFETY", "GUESSED"),
    confidence: ("SCRIPTS", "SMALLEST", "DOUBT"),
    keys: ("ENDS", "DASHES"),
    book: ("SURE", "SURE_OF_TWIN", "SCHEMA"),
    dictionaries: ("SURE", "SURE_SEGMENTED", "REASONS", "TWINS_OF", "AMBIGUOUS", "TRUSTED", "SCHEMA"),
    entries: ("LONGEST",),
    segmentation: ("SHORTEST", "MOST"),
    twins: ("TWIN",),
    chain: ("TALL", "LEAST", "LONE", "HANGUL", "TEXT", "WIDE", "UPRIGHT"),
    detection: ("SHORT_SIDE", "LONG_SIDE", "MULTIPLE", "INSIDE", "KEPT", "SMALLEST", "EXPANSION", "MOST"),
    arcs: ("BENT", "FILLED", "LONG", "STEPS", "LONGEST"),
    recognition: ("HEIGHT", "STEP", "NARROWEST", "WIDEST", "LARGEST_CALL", "POINTERS", "SURE"),
    order: ("NEAR", "GAP"),
}


def constants() -> str:
    """Module → constant → value; characters as one text."""
    found = {
        module.__name__.rpartition(".")[2]: {name: _value(getattr(module, name)) for name in names}
        for module, names in SHARED.items()
    }
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _value(value: object) -> object:
    """As JSON has it; what `str.maketrans` made is told by the characters that it replaces."""
    if isinstance(value, frozenset):
        return "".join(sorted(value))
    if isinstance(value, dict) and all(isinstance(each, int) for each in value):
        return "".join(map(chr, value))
    return value
