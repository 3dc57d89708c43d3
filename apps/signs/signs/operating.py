"""How signs operates: a frame comes in, its lines are read, and each is shown, shown with a question mark, or not."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files as resources
from typing import Annotated, Literal
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.application import Designs, Monitoring, Operate
from afield.errors import ContradictionError, RequestError
from afield.mitigation.guards import clamp
from afield.monitoring.performance import Performance
from afield.records.traffic import Fact, Mode, Query
from afield.retraining.triggers import after, any_of, every
from afield.rollout.ladder import Ladder
from afield.serving.asking import Asked
from afield.serving.designs import Ahead
from afield.serving.inference import Parts, Rows
from afield.serving.product import Conclusion, FromInput, Observation
from afield.serving.releases import Release
from afield.serving.static import Edition
from afield.telemetry.policy import Policy
from signs.asking import ASK
from signs.confidence import FEATURES, features
from signs.frames import LARGEST_BYTES, decode
from signs.kit import ENGLISH, Found, Kit, prepare
from signs.recalling import KnownSigns
from signs.records import Frame, Place

STEP = timedelta(minutes=30)
CHUNK = timedelta(hours=6)
DAY = timedelta(days=1)
SURE, DOUBTFUL = 0.75, 0.4
"""Probability that what is shown is right, from which it is shown as it is, and from which with a question mark. That a
text stands in a book speaks for itself: on 520 rendered signs 0.75 showed as few wrong ones as 0.9 (one, and none), and
225 instead of 177 of the 260 known ones."""
TRUSTED = 0.88
"""How often a source must be right for a translation to stand without a question mark, however well it was read."""
ASKED = 0.6
"""Share of the lines at which the traveller is asked whether they are right, whatever their confidence:
answers to a random question are not biased, complaints are."""
COARSE = 1  # digits of a degree that are kept of a place: about ten kilometres
OFF: Mode = "off"
PROMPT: Mode = "prompt"
AUTOMATE: Mode = "automate"

Local = Annotated[datetime, msgspec.Meta(tz=False)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place, WGS 84 degrees."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Sight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/read`.

    Attributes:
        device: a random name that the device gave itself.
        image: the file of one picture, Base64 in JSON.
        at: when it was taken, on the clock of the place; now where absent.
        place: where, if the traveller lets it be used.
        use_place_of_image: whether the place in the picture's EXIF data may be used; it is never kept.
    """

    device: Name
    image: bytes
    at: Local | None = None
    place: Where | None = None
    use_place_of_image: bool = False


class LineFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a `line` fact: what is kept of a line that was read. No pixels, no text."""

    device: Name
    script: str
    language: str
    place: str
    shown: str
    features: str
    """The features as JSON numbers in the order of `confidence.FEATURES`."""


class VerdictFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a `verdict` fact: what a person said of a line.

    Attributes:
        line: id of the line.
        right: 1 where it was read right, 0 where not.
        how: what the person did.
        asked: whether the person was asked, by lot; only such answers are an unbiased sample.
        text, english: what the person put instead, where they did.
    """

    line: Name
    right: Annotated[int, msgspec.Meta(ge=0, le=1)]
    how: Literal["tapped_right", "tapped_wrong", "edited", "retaken"]
    asked: bool = False
    text: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    english: Annotated[str, msgspec.Meta(max_length=400)] | None = None

    def __post_init__(self) -> None:
        """Refuse an answer to a question that was not asked: complaints are no fair sample."""
        if self.asked and not asked(self.line):
            raise ContradictionError("the lot did not fall on this line; leave it out", "asked")


def resolve(sight: Sight) -> Query:
    """The query that a sight asks."""
    at = sight.at or datetime.now(UTC).replace(tzinfo=None)
    return Query(key="", unit=sight.device, at=at, request=sight)


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


def seen(sight: object) -> tuple[bytes, Place | None]:
    """The picture of a sight, and its place where the traveller tells it."""
    if not isinstance(sight, Sight):
        raise RequestError("a sight is expected: device, image", "image")
    return sight.image, Place(sight.place.latitude, sight.place.longitude) if sight.place else None


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
    """The mode of one line: what its confidence allows, and never more than the mode in force."""
    if found.translation is None or mode == OFF:
        return OFF
    sure = confident * found.translation.sure * found.language_sure
    if sure >= SURE and found.translation.sure >= TRUSTED and mode == AUTOMATE:
        return AUTOMATE
    return PROMPT if sure >= DOUBTFUL else OFF


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


def asked(identity: str) -> bool:
    """Whether the traveller is asked about the line of this id: by lot, before anything is known of the answer."""
    return crc32(f"ask {identity}".encode()) < ASKED * 2**32


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
    if in_force == OFF:
        return "translations are switched off at the moment"
    if mode == OFF:
        return f"not sure enough that it was read right ({confident:.0%})"
    return f"{found.translation.reason}; read right with {confident:.0%}"


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


def sample(at: datetime, key: str) -> str:
    """A request that works: a small sign that says 出口; for another key one of a few rendered streets.

    Each says where it hangs.
    """
    place = Where(35.69, 139.7)
    number = crc32(key.encode()) % (PICTURES + 1)
    image = resources("signs").joinpath(f"pictures/{number}.jpg").read_bytes() if number else b64decode(EXIT)
    return msgspec.json.encode(Sight("sample", image, at.replace(microsecond=0), place)).decode()


PICTURES = 4
"""Streets with one to four signs, rendered by `signs.rendering` with seeds 3 to 6."""


EXIT = (
    "iVBORw0KGgoAAAANSUhEUgAAAGAAAAAwAQAAAADGbUJiAAAAbklEQVR42r2SwQmDUBBE3wbRoyXYiqVZmiVYgi2Yk//0PCiKCahg"
    "4l6WgdlleEzINi+eE+9Ltg7qVbTQp4g4usnmFZJ+E3Qo49SGOmjSUT9tNXSr6KH9O96FgQF+BQXKEdBDVJU2u9c5FBB36zIBh7ok"
    "JRmICEgAAAAASUVORK5CYII="
)
"""A PNG file, Base64."""


def operate(_options: Mapping[str, str]) -> Operate:
    """Signs in operation."""
    return Operate(
        asked=Asked(route="read", request=Sight, resolve=resolve, sample=sample, largest=LARGEST_BYTES * 4 // 3 + 4096),
        facts={"line": LineFact, "verdict": VerdictFact},
        private=("device", "unit"),
        infer=infer,
        decision=FromInput(observe=observe, conclude=conclude),
        prepare=prepare,
        neutral={"lines": 0.0, "shown": 0.0},
        baseline="mean_score",
        output="confidence",
        loss="squared_error",
        pages="signs:pages/phone",
        step=STEP,
        stale_after=DAY,
        guards=(clamp("confidence", 0.0, 1.0),),
        felt="shown",
        telemetry=Policy(name="everything", share=1.0),
        monitoring=Monitoring(
            monitors=(
                Performance(
                    loss="squared_error",
                    truth="truth",
                    forecast="confidence",
                    tick="tick",
                    threshold=0.25,
                    burn_in=16,
                    restart=24,
                ),
            ),
            delay=STEP,
            chunk=CHUNK,
        ),
        retraining=any_of(after(alerts=1, cooldown=DAY, wait=1.75 * DAY), every(28 * DAY)),
        rollout=Ladder(
            effect=0.2,
            burn_in=12,
            minimum_ticks=24,
            maximum_ticks=192,
            canary_ticks=12,
            probation_ticks=24,
            level_tolerance=0.6,
            rate_tolerance=0.05,
            canary_share=0.25,
            canary_block=3600,
        ),
        designs=Designs(
            ahead=Ahead(slots=0, fresh=DAY, recall=KnownSigns(seen, observed_rows)),
            ask=ASK,
            static=Edition(slim="signs.glasses:slim", memory=288 * 2**20, seconds=0.15),
        ),
    )
