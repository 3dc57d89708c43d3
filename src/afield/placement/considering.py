"""Considerations changed by name, as on a command line, and checked for contradictions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import TypeVar

from afield.errors import UsageError
from afield.records.considerations import DAY, Considerations, Design
from afield.records.places import Link, Place
from afield.records.ranges import Range, ranges

DEVICE = "device"
"""Stands for every place but the cloud."""
NEAR = 0.5
"""How alike a name must be to be meant, from 0 to 1."""
HOURS = 24
MOST_ASKS = 10_000
"""A day and device: more are not followed in a tolerable time."""

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the considerations.

    Attributes:
        value: what it is.
        range: what it may be.
        path: the fields that lead to it, from the considerations or from its place.
    """

    value: float
    range: Range
    path: tuple[str, ...]


def numbers(considered: Considerations) -> dict[str, Number]:
    """Every number by its name: `GROUP.NAME` of the fleet, `PLACE.NAME` of a place or of its way to the cloud."""
    found = {".".join(each.path): each for each in _numbers(considered)}
    for place in considered.places:
        for each in _numbers(place):
            found[".".join((place.name, *(part for part in each.path if part != "cloud")))] = each
    return found


def number_of(considered: Considerations, name: str) -> Number:
    """The number of a name; for `device.NAME` that of the place where people ask."""
    known = numbers(considered)
    head, _, rest = name.partition(".")
    return known[f"{considered.asked_at}.{rest}" if head == DEVICE else name]


def read(considered: Considerations, texts: Iterable[str]) -> dict[str, float]:
    """Changes as they are typed, NAME=NUMBER: the value of each name.

    Raises:
        UsageError: a name is not known or comes twice, or a value is no number; every one is named.
    """
    told: dict[str, float] = {}
    wrong = []
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        meant = _meant(considered, name)
        if not meant:
            wrong.append(f"{name or repr(text)}: no such consideration; {_nearest(considered, name)}")
            continue
        if name in told:
            wrong.append(f"{name} is given twice")
        try:
            told[name] = float(value)
        except ValueError:
            wrong.append(
                f"{name} is {value or 'nothing'}, which is no number; {_may_be(name, next(iter(meant.values())))}"
            )
    if wrong:
        raise UsageError("--consider: " + "; ".join(wrong))
    return told


def changed(considered: Considerations, changes: Mapping[str, float]) -> Considerations:
    """The considerations with other values.

    Args:
        considered: to start from.
        changes: name → value; names are those of `numbers`, and `device.NAME` is that of every device.

    Raises:
        UsageError: a name is not known.
    """
    for name, value in changes.items():
        meant = _meant(considered, name)
        if not meant:
            raise UsageError(f"{name}: no such consideration; {_nearest(considered, name)}")
        for each, number in meant.items():
            considered = _changed(considered, each, number, value)
    return considered


def checked(considered: Considerations, designs: tuple[Design, ...]) -> Considerations:
    """The considerations, if they can be true together.

    Raises:
        UsageError: a value is impossible, or two contradict each other; every one is named.
    """
    found = impossible(considered, designs)
    if found:
        raise UsageError("these considerations cannot be weighed: " + "; ".join(found))
    return considered


def impossible(considered: Considerations, designs: tuple[Design, ...]) -> list[str]:
    """What cannot be weighed: numbers out of their range; where there are none, what cannot be true together."""
    found = [
        f"{name} is {number.value:g}; {_may_be(name, number)}"
        for name, number in numbers(considered).items()
        if number.value not in number.range
    ]
    return found or list(_contradictions(considered, designs))


def _numbers(thing: object, path: tuple[str, ...] = ()) -> Iterator[Number]:
    """The numbers of a record and of those in it."""
    kind: type = type(thing)
    if not is_dataclass(thing):
        return
    known = ranges(kind)
    for each in fields(thing):
        value = getattr(thing, each.name)
        if each.name in known:
            yield Number(float(value), known[each.name], (*path, each.name))
        else:
            yield from _numbers(value, (*path, each.name))


def _meant(considered: Considerations, name: str) -> dict[str, Number]:
    """The numbers that a name stands for; none where there is no such."""
    known = numbers(considered)
    if name in known:
        return {name: known[name]}
    head, _, rest = name.partition(".")
    own = [f"{place.name}.{rest}" for place in considered.places[:-1]] if head == DEVICE else []
    return {each: known[each] for each in own if each in known}


def _may_be(name: str, number: Number) -> str:
    return f"it may be {number.range}, e.g. {name}={number.range.example:g}"


def _nearest(considered: Considerations, name: str) -> str:
    """What may have been meant, and where all names stand."""
    known = list(numbers(considered))
    devices = [place.name for place in considered.places[:-1]]
    alike = [f"{DEVICE}.{rest}" for head, _, rest in (each.partition(".") for each in known) if head in devices]
    near = get_close_matches(name, dict.fromkeys((*alike, *known)), n=3, cutoff=NEAR)
    groups = dict.fromkeys((DEVICE, *(each.partition(".")[0] for each in known)))
    said = f"nearest are {', '.join(near)}" if near else f"names begin with {', '.join(groups)}"
    return f"{said}; `afield place APP --no-tipping` lists all in its page place.html, under What was weighed"


def _changed(considered: Considerations, name: str, number: Number, value: float) -> Considerations:
    place = name.partition(".")[0]
    if place not in {each.name for each in considered.places}:
        return _set(considered, number.path, value)
    placed = (_placed(each, number.path, value) if each.name == place else each for each in considered.places)
    return replace(considered, places=tuple(placed))


def _placed(place: Place, path: tuple[str, ...], value: float) -> Place:
    if path[-1] == "round_trip_s":  # the tail moves with the middle
        link: Link = getattr(place, path[0])
        tail = link.round_trip_p95_s / link.round_trip_s if link.round_trip_s else 1.0
        place = _set(place, (path[0], "round_trip_p95_s"), max(value, value * tail))
    return _set(place, path, value)


def _set(thing: Record, path: tuple[str, ...], value: float) -> Record:
    """A record with another value at the end of a path."""
    first, *rest = path
    inner = _set(getattr(thing, first), tuple(rest), value) if rest else value
    return replace(thing, **{first: inner})  # type: ignore[type-var]


def _contradictions(considered: Considerations, designs: tuple[Design, ...]) -> Iterator[str]:
    """What cannot be true together."""
    yield from _places(considered)
    told, asked = considered, considered.requests
    if len(asked.daily) != HOURS or min(asked.daily, default=0) < 0 or not sum(asked.daily) > 0:
        yield "requests.daily holds the weights of 24 hours, none below 0 and not all 0"
    if asked.rate * DAY > MOST_ASKS * told.devices:
        yield (
            f"requests.rate is {asked.rate:g} and devices {told.devices:g}: each asks "
            f"{asked.rate * DAY / told.devices:,.0f} times a day, at most {MOST_ASKS:,} are "
            "simulated; name more devices"
        )
    for place in told.places[:-1]:
        always = place.name == told.asked_at and place.cloud is not None and place.cloud.offline_share == 1
        if always and set(designs) <= {"server", "cached"}:
            yield (
                f"{place.name}.offline_share is 1, and {' and '.join(designs)} need a network for every answer; "
                "leave --design out, or name static or client"
            )
    if told.telemetry.least > 0 and told.telemetry.share == 0:
        yield f"telemetry.least is {told.telemetry.least:g}, and telemetry.share 0: nothing is asked for"
    wrong = told.answers
    if wrong.wrong_static < wrong.wrong_device:
        yield (
            f"answers.wrong_static ({wrong.wrong_static:g}) is below answers.wrong_device ({wrong.wrong_device:g}): "
            "then the table is the better model"
        )


def _places(considered: Considerations) -> Iterator[str]:
    """What is wrong with the places and the ways between them."""
    names = [place.name for place in considered.places]
    if len(names) < 2 or len(set(names)) != len(names):
        yield f"places are {', '.join(names) or 'none'}; at least one device and the cloud, each named once"
    taken = sorted({DEVICE, *(each.name for each in fields(considered))} & set(names))
    if taken:
        yield f"a place is named {taken[0]}, which considerations are called already; name it otherwise"
    if considered.asked_at not in names[:-1]:
        yield f"asked_at is {considered.asked_at}; people ask at a device: {', '.join(names[:-1])}"
    if considered.places and considered.cloud.cloud is not None:
        yield f"{considered.cloud.name} is the last place and so the cloud; it has no way to itself"
    for place in considered.places[:-1]:
        if place.cloud is None:
            yield f"{place.name} has no way to the cloud; give it one that is offline all the time"
        for link in (place.cloud, place.reach):
            if link is not None and link.round_trip_p95_s < link.round_trip_s:
                yield (
                    f"{place.name}: 95 of 100 round trips take at most {link.round_trip_p95_s:g} s, half of them more "
                    f"than {link.round_trip_s:g} s"
                )
