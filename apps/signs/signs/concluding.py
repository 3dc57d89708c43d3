"""What is found in a sight, and what its traveller is shown of each line: as it is, with a question mark, or not."""

import math
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.errors import RequestError
from afield.mitigation.modes import CAUTIOUS, graded
from afield.records.traffic import Fact, Mode, Query
from afield.serving.inference import Parts, Rows
from afield.serving.product import Conclusion, Observation
from afield.serving.releases import Release
from signs.confidence import FEATURES, features
from signs.frames import decode
from signs.kit import ENGLISH, Found, Kit
from signs.records import Frame, Place
from signs.safety import vouched
from signs.sights import Sight, asked

SURE, DOUBTFUL = 0.75, 0.4
"""Probability that what is shown is right, from which it is shown as it is, and from which with a question mark. That a
text stands in a book speaks for itself: on 520 rendered signs 0.75 showed as few wrong ones as 0.9 (one, and none), and
225 instead of 177 of the 260 known ones."""
TRUSTED = 0.88
"""How often a source must be right for a translation to stand without a question mark, however well it was read."""
COARSE = 1  # digits of a degree that are kept of a place: about ten kilometres
OFF: Mode = "off"
PROMPT: Mode = "prompt"
AUTOMATE: Mode = "automate"


def observe(sight: object, release: Release) -> Observation:
    """The lines of a sight, with their languages, translations and features.

    Raises:
        RequestError: the image cannot be read as a picture.
    """
    if not isinstance(sight, Sight):
        raise RequestError("a sight is expected: device, image", "image")
    frame = decode(sight.image, keep_place=sight.use_place_of_image)
    place = Place(sight.place.latitude, sight.place.longitude) if sight.place else frame.place
    kit = kit_of(release)
    found = kit.understood(kit.reader.read(Frame(frame.pixels)), place)
    return Observation(observed_rows(found), found)


def observed_rows(found: tuple[Found, ...]) -> Rows:
    """The features of lines, one row each."""
    rows = [features(each.line, known=each.translation is not None) for each in found]
    return Rows.of({name: np.array([row[name] for row in rows], np.float64) for name in FEATURES})


def kit_of(release: Release) -> Kit:
    """What a release reads and translates with."""
    if not isinstance(release.kit, Kit):
        raise TypeError(f"release {release.digest[:12]} was opened without its reader")
    return release.kit


def infer(rows: Mapping[str, NDArray[np.float64]], parts: Parts) -> dict[str, NDArray[np.float64]]:
    """P(the line was read right), shape (rows,)."""
    return {"confidence": parts["confidence"].predict(rows)}


def conclude(
    identity: str,
    query: Query,
    observed: Observation,
    outputs: Mapping[str, NDArray[np.float64]],
    mode: Mode,
    /,
) -> Conclusion:
    """What the traveller is shown of each line: its English, its English with a question mark, or its reading alone."""
    found = [each for each in observed.found if isinstance(each, Found)]
    confident = outputs["confidence"].tolist()
    shown = [how(each, sure, mode) for each, sure in zip(found, confident, strict=True)]
    content = tuple(
        told(f"{identity}/{place}", each, sure, as_what, mode)
        for place, (each, sure, as_what) in enumerate(zip(found, confident, shown, strict=True))
    )
    facts = tuple(
        fact(f"{identity}/{number}", query, each, observed.rows, number, as_what)
        for number, (each, as_what) in enumerate(zip(found, shown, strict=True))
    )
    counts = {as_what: shown.count(as_what) for as_what in (AUTOMATE, PROMPT, OFF)}
    output = {"lines": float(len(found)), "shown": counts[AUTOMATE] / len(found) if found else 0.0}
    lines = "1 line" if len(found) == 1 else f"{len(found)} lines"
    told_apart = f"{counts[AUTOMATE]} sure, {counts[PROMPT]} with a question, {counts[OFF]} not translated"
    reason = f"{lines}: {told_apart}" if found else "no text was found"
    return Conclusion(content, output, reason, facts)


def how(found: Found, confident: float, mode: Mode) -> Mode:
    """The mode of one line: what its confidence and what it speaks of allow, and never more than the mode in force.

    Where its conformal set holds "read wrong" too, or nothing, it is not shown as sure: the release abstains.
    """
    mode = min(mode, found.most, key=CAUTIOUS.index)
    if found.translation is None or mode == OFF:
        return OFF
    sure = graded(confident * found.translation.sure * found.language_sure, SURE, DOUBTFUL)
    trusted = found.translation.sure >= TRUSTED and vouched(found.line.text, found.translation)
    trusted = trusted and confident >= found.certain
    return sure if sure != AUTOMATE or (trusted and mode == AUTOMATE) else PROMPT


def shown_as_sure(found: tuple[Found, ...], parts: Parts) -> list[str | None]:
    """English of each line that is shown as sure in mode automate, None of the others."""
    if not found:
        return []
    confident = infer(observed_rows(found), parts)["confidence"].tolist()
    return [
        each.translation.english if each.translation and how(each, sure, AUTOMATE) == AUTOMATE else None
        for each, sure in zip(found, confident, strict=True)
    ]


def told(identity: str, found: Found, confident: float, mode: Mode, in_force: Mode = AUTOMATE) -> dict[str, object]:
    """One line, as the client is told of it: `mode` is the line's, `in_force` the one that people set."""
    line, translation = found.line, found.translation
    return {
        "id": identity,
        "box": [[round(float(x), 1), round(float(y), 1)] for x, y in line.box],
        "text": line.text,
        "script": line.script,
        "vertical": line.vertical,
        "language": found.language,
        "english": translation.english if translation is not None and mode != OFF else None,
        "source": translation.source if translation is not None and mode != OFF else None,
        "confidence": round(confident, 4),
        "mode": mode,
        "ask": found.line.readable and asked(identity),
        "reason": why(found, confident, mode, in_force),
    }


def why(found: Found, confident: float, mode: Mode, in_force: Mode = AUTOMATE) -> str:
    """One line that a person can read."""
    if not found.line.readable:
        script = found.line.script
        return (
            "in a script that cannot be read yet" if script == "other" else f"unreadable script: {script.capitalize()}"
        )
    if found.translation is None:
        english = found.language == "en" and found.language_sure >= ENGLISH
        return "English already" if english else "read, but in neither the phrasebook nor the dictionary"
    if OFF in (in_force, found.most):
        return f"translations {'' if in_force == OFF else 'of such lines '}are switched off at the moment"
    if mode == OFF:
        return f"not sure enough that it was read right ({confident:.0%})"
    told = f"{found.translation.reason}; read right with {confident:.0%}"
    if mode == PROMPT and not vouched(found.line.text, found.translation):
        return f"{told}; about safety, where only the phrasebook is shown as sure"
    if mode == PROMPT and found.most == PROMPT:
        return f"{told}; such lines are only suggested at the moment"
    abstains = mode == PROMPT and confident < found.certain
    return f"{told}, and certain only from {_above(found.certain)}" if abstains else told


def _above(bar: float) -> str:
    """A bar in whole percent: what lies below it is not told as if it reached it."""
    return f"{min(math.ceil(100 * bar), 100)}%"


def fact(identity: str, query: Query, found: Found, rows: Rows, number: int, mode: Mode) -> Fact:
    """What is kept of a line to learn from."""
    sight = query.request
    place = sight.place if isinstance(sight, Sight) else None
    values = [float(rows[name][number]) for name in FEATURES]
    return Fact(
        id=identity,
        kind="line",
        at=query.at,
        fields={
            "device": query.unit,
            "script": found.line.script,
            "language": found.language,
            "place": f"{place.latitude:.{COARSE}f},{place.longitude:.{COARSE}f}" if place else "",
            "shown": mode,
            "features": msgspec.json.encode(values).decode(),
        },
    )
