"""What travellers send: sights of signs; and what is kept of the lines in them and of what people said."""

from base64 import b64decode
from datetime import UTC, datetime
from importlib.resources import files as resources
from typing import Annotated, Literal
from zlib import crc32

import msgspec

from afield.errors import ContradictionError, RequestError
from afield.records.traffic import Query
from signs.records import Place

ASKED = 0.6
"""Share of the lines at which the traveller is asked whether they are right, whatever their confidence:
answers to a random question are not biased, complaints are."""

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


def seen(sight: object) -> tuple[bytes, Place | None]:
    """The picture of a sight, and its place where the traveller tells it."""
    if not isinstance(sight, Sight):
        raise RequestError("a sight is expected: device, image", "image")
    return sight.image, Place(sight.place.latitude, sight.place.longitude) if sight.place else None


def asked(identity: str) -> bool:
    """Whether the traveller is asked about the line of this id: by lot, before anything is known of the answer."""
    return crc32(f"ask {identity}".encode()) < ASKED * 2**32


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
