"""A generated day of frames: travellers look at signs in six cities; then come night, rain and a new camera.

Nothing in it is real but the coordinates of the cities; reports call it *generated*.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from afield.errors import UsageError
from signs.records import Language, Place
from signs.rendering.cameras import REGIMES, Regime
from signs.rendering.fonts import can_draw, in_code
from signs.rendering.pictures import picture
from signs.rendering.signs import Sign, Text, TrueLine

STRIDE = 0.0006  # degrees between two frames of a walker: about 60 m
TURN = 0.4
AT_NIGHT = 0.5
"""Share of the lines with numbers after the turn: opening hours, prices and timetables are what is read at night, and
a number of which an umbrella hides a digit is still a number."""
SIGNS = (1, 1, 1, 2, 2, 3)
TALLEST = 9  # characters of a column
SPACED = "abcdefghijklmnopqrstuvwxyz0123456789"
NUMBERS = (
    *((number,) for number in ("1", "3", "12", "24", "315", "100 m", "500 m", "7:00-22:00", "A4", "No. 8")),
    ("2F", "Floor 2", "2nd floor", "Second floor"),
    ("B1", "Floor B1", "Basement 1", "First basement floor"),
)
"""Numbers on signs, each with what it may be called in English, itself first."""
ENGLISH = ("EXIT", "INFORMATION", "TOILET", "OPEN", "CLOSED", "NO SMOKING", "TICKETS", "PLATFORM 2", "WELCOME")


@dataclass(frozen=True, slots=True)
class City:
    """A place to walk in, and how often its signs are in which language."""

    name: str
    centre: Place
    languages: Mapping[Language, float]


CITIES = (
    City("Tokyo", Place(35.6896, 139.7006), {"ja": 1.0}),
    City("Taipei", Place(25.0478, 121.5170), {"zh": 1.0}),
    City("Seoul", Place(37.5665, 126.9780), {"ko": 0.9, "zh": 0.1}),
    City("Paris", Place(48.8566, 2.3522), {"fr": 1.0}),
    City("Berlin", Place(52.5200, 13.4050), {"de": 1.0}),
    City("Madrid", Place(40.4168, -3.7038), {"es": 1.0}),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """One generated frame.

    Attributes:
        at: when it was taken, on the clock of the place.
        device: of the traveller.
        frame: the JPEG file.
        place: where.
        lines: what stands in it.
        city: that the traveller walks in.
        regime: light, weather and camera, by name.
    """

    at: datetime
    device: str
    frame: bytes
    place: Place
    lines: tuple[TrueLine, ...]
    city: str
    regime: str


def walk(
    seed: int,
    start: datetime,
    hours: float,
    frames: int,
    phrases: Sequence[Text],
    *,
    walkers: int = 12,
    turn: float = TURN,
    regimes: tuple[Regime, Regime] = REGIMES,
    cities: Sequence[City] = CITIES,
) -> Iterator[Taken]:
    """Frames in the order of time.

    Each traveller has a city and wanders about its centre. Signs carry one to three lines of the city's languages,
    now and then with a line of English or a number below; Chinese and Japanese ones are often vertical. From
    `turn` on every picture is taken in the second regime, and more lines have numbers. The same arguments give the
    same frames.

    Args:
        seed: of everything that is left to chance.
        start: time of the first frame, on the clock of the place.
        hours: how long the walk takes.
        frames: how many.
        phrases: texts for the signs, in any order; cities without a text in their languages are not walked in.
        walkers: how many travellers; each is a device.
        turn: share of the time after which night, rain and the new camera begin.
        regimes: before and after.
        cities: to walk in.

    Raises:
        UsageError: no city has a text, or a number is out of range.
    """
    if frames < 1 or walkers < 1 or hours <= 0:
        raise UsageError(f"a walk of {frames} frames by {walkers} walkers in {hours} hours: all must be positive")
    generator = random.Random(seed)  # noqa: S311 - a generated day is no secret
    stocks = {
        city.name: {language: Stock.of(texts) for language, texts in drawable(city, phrases).items()} for city in cities
    }
    open_cities = [city for city in cities if stocks[city.name]]
    if not open_cities:
        raise UsageError("no phrase is in a language of any city: pass phrases in ja, zh, ko, fr, de or es")
    places = [_near(open_cities[number % len(open_cities)].centre, 12, generator) for number in range(walkers)]
    moments = sorted(generator.random() for _ in range(frames))
    for moment in moments:
        walker = generator.randrange(walkers)
        city = open_cities[walker % len(open_cities)]
        places[walker] = _near(places[walker], 1, generator)
        regime, numbers = (regimes[0], 0.0) if moment < turn else (regimes[1], AT_NIGHT)
        signs = [sign(city, stocks[city.name], generator, numbers) for _ in range(generator.choice(SIGNS))]
        taken = picture(signs, generator.getrandbits(48), regime.draw(generator))
        at = start + timedelta(seconds=round(moment * hours * 3600))
        yield Taken(at, f"generated-{walker:02}", taken.content, places[walker], taken.lines, city.name, regime.name)


def drawable(city: City, phrases: Sequence[Text]) -> Mapping[Language, tuple[Text, ...]]:
    """The texts by language that signs of this city may carry: in Taipei only those in traditional characters."""
    found: dict[Language, list[Text]] = {}
    for each in phrases:
        suits = city.name != "Taipei" or in_code(each.text, "big5")
        if each.language in city.languages and suits and each.text.strip() and can_draw(each.language, each.text):
            found.setdefault(each.language, []).append(each)
    return {language: tuple(group) for language, group in found.items()}


@dataclass(frozen=True, slots=True)
class Stock:
    """Texts of one language, and those of them that have numbers."""

    texts: tuple[Text, ...]
    numbered: tuple[Text, ...]

    @classmethod
    def of(cls, texts: tuple[Text, ...]) -> "Stock":
        """The stock of these texts."""
        return cls(texts, tuple(each for each in texts if any(map(str.isdigit, each.text))))

    def pick(self, numbers: float, generator: random.Random) -> Text:
        """A text; with the chance `numbers` one that has a number, if there is any."""
        return generator.choice(self.numbered if self.numbered and generator.random() < numbers else self.texts)


def sign(city: City, stocks: Mapping[Language, Stock], generator: random.Random, numbers: float = 0.0) -> Sign:
    """A sign of this city; a share `numbers` of its lines is picked among the texts with numbers."""
    languages = [language for language in city.languages if language in stocks]
    language = generator.choices(languages, [city.languages[each] for each in languages])[0]
    lines = [stocks[language].pick(numbers, generator) for _ in range(generator.choice((1, 1, 1, 1, 2, 2, 3)))]
    if language in ("ja", "zh") and generator.random() < 0.4:
        columns = tuple(each for each in lines if _stands(each.text))
        if columns:
            return Sign(columns, vertical=True)
    if language in ("fr", "de", "es") and generator.random() < 0.3:
        lines = [replace(each, text=each.text.upper()) if "ß" not in each.text else each for each in lines]
    if len(lines) < 3 and generator.random() < 0.25:
        lines.append(_companion(generator))
    return Sign(tuple(lines))


def _stands(text: str) -> bool:
    """Whether a text is set in a column: short, and of characters that stand upright."""
    return len(text) <= TALLEST and not any(character.isspace() or character.lower() in SPACED for character in text)


def _companion(generator: random.Random) -> Text:
    """A line in English, or a number."""
    if generator.random() < 0.5:
        text = generator.choice(ENGLISH)
        return Text(text, "en", (text,))
    accepted = generator.choice(NUMBERS)
    return Text(accepted[0], "other", accepted)


def _near(place: Place, strides: int, generator: random.Random) -> Place:
    """A place so many strides away, in any direction."""
    direction = generator.uniform(0, 2 * math.pi)
    length = STRIDE * strides
    east = length * math.cos(direction) / math.cos(math.radians(place.latitude))
    return Place(round(place.latitude + length * math.sin(direction), 6), round(place.longitude + east, 6))
