"""Considerations changed by name, as on a command line, and checked for contradictions."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches

from afield.errors import UsageError
from afield.records.considerations import Considerations, Design, Link, Place

SHARES = {
    "offline_share", "cacheable", "unsure", "wrong_static", "wrong_device", "wrong_cloud", "telemetry",
    "telemetry_least", "busy",
}  # fmt: skip
POSITIVE = {
    "devices", "requests", "latency_s", "facts_every_s", "facts_stale_s", "facts_useful_s", "model_every_s", "sync_s",
    "product_every_s", "adoption_s", "speed", "up", "down", "offline_s", "round_trips", "busy", "outage_s",
    "least_workers",
}  # fmt: skip
TEXTS = {"why", "asked_at", "name"}
HOURS = 24


def changed(considered: Considerations, changes: Mapping[str, float]) -> Considerations:
    """The considerations with other values.

    Args:
        considered: to start from.
        changes: name → value. A name is a field of the considerations; `PLACE.NAME` a field of a place or of its way
            to the cloud; a field of places or links alone changes every device.

    Raises:
        UsageError: a name is not known.
    """
    for name, value in changes.items():
        considered = _changed(considered, name, value)
    return considered


def checked(considered: Considerations, designs: tuple[Design, ...]) -> Considerations:
    """The considerations, if they can be true together.

    Raises:
        UsageError: a value is impossible, or two contradict each other; every one is named.
    """
    found = [*_values(considered), *_contradictions(considered, designs)]
    if found:
        raise UsageError("these considerations cannot be weighed: " + "; ".join(found))
    return considered


def numbers_of(thing: Considerations | Place | Link) -> tuple[str, ...]:
    """The names of what can be changed."""
    held = {"places", "daily", "cloud", "reach"} | TEXTS
    return tuple(field.name for field in fields(thing) if field.name not in held)


def _changed(considered: Considerations, name: str, value: float) -> Considerations:
    place, dot, inner = name.partition(".")
    if not dot and name in numbers_of(considered):
        return replace(considered, **{name: value})  # type: ignore[arg-type]
    devices = considered.places[:-1]
    chosen = [each.name for each in considered.places if each.name == place] if dot else [each.name for each in devices]
    wanted = inner if dot else name
    example = devices[0] if devices else considered.cloud
    known = (*numbers_of(example), *(numbers_of(example.cloud) if example.cloud else ()))
    if not chosen or wanted not in known:
        raise UsageError(f"{name}: no such consideration; {_nearest(considered, name, known)}")
    return replace(
        considered,
        places=tuple(_placed(each, wanted, value) if each.name in chosen else each for each in considered.places),
    )


def _nearest(considered: Considerations, name: str, known: tuple[str, ...]) -> str:
    """What may have been meant, and where all names stand."""
    ours = [*numbers_of(considered), *known]
    for place in considered.places:
        ways = numbers_of(place.cloud) if place.cloud else ()
        ours += [f"{place.name}.{each}" for each in (*numbers_of(place), *ways)]
    near = ", ".join(get_close_matches(name, dict.fromkeys(ours), n=3, cutoff=0.0))
    return (
        f"nearest are {near}; `afield place APP --no-tipping` lists all names and values in its page place.html, "
        "under What was weighed"
    )


def _placed(place: Place, name: str, value: float) -> Place:
    if name in numbers_of(place):
        return replace(place, **{name: value})  # type: ignore[arg-type]
    if place.cloud is None:
        raise UsageError(f"{place.name}.{name}: the {place.name} has no way to itself; name a device")
    link = place.cloud
    if name == "round_trip_s":  # the tail moves with the middle
        tail = link.round_trip_p95_s / link.round_trip_s if link.round_trip_s else 1.0
        link = replace(link, round_trip_p95_s=max(value, value * tail))
    return replace(place, cloud=replace(link, **{name: value}))


def _values(considered: Considerations) -> list[str]:
    """What is wrong with single values."""
    found = []
    holders: list[tuple[str, Considerations | Place | Link]] = [("", considered)]
    for place in considered.places:
        holders += [(f"{place.name}.", place)]
        holders += [(f"{place.name}.", link) for link in (place.cloud, place.reach) if link is not None]
    for prefix, holder in holders:
        for name in numbers_of(holder):
            value = float(getattr(holder, name))
            if not math.isfinite(value):
                found.append(f"{prefix}{name} is {value}; a finite number is expected")
            elif value < 0:
                found.append(f"{prefix}{name} is {value:g}; nothing here is below 0")
            elif value == 0 and name in POSITIVE:
                found.append(f"{prefix}{name} is 0; it must be above 0")
            elif value > 1 and name in SHARES:
                found.append(f"{prefix}{name} is {value:g}; a share lies between 0 and 1")
    return found


def _contradictions(considered: Considerations, designs: tuple[Design, ...]) -> list[str]:
    """What cannot be true together."""
    found = []
    names = [place.name for place in considered.places]
    if len(names) < 2 or len(set(names)) != len(names):
        found.append(f"places are {', '.join(names) or 'none'}; at least one device and the cloud, each named once")
    if considered.asked_at not in names[:-1]:
        found.append(f"asked_at is {considered.asked_at}; people ask at a device: {', '.join(names[:-1])}")
    if len(considered.daily) != HOURS or min(considered.daily, default=0) < 0 or not sum(considered.daily) > 0:
        found.append("daily holds the weights of 24 hours, none below 0 and not all 0")
    if considered.places and considered.cloud.cloud is not None:
        found.append(f"{considered.cloud.name} is the last place and so the cloud; it has no way to itself")
    for place in considered.places[:-1]:
        if place.cloud is None:
            found.append(f"{place.name} has no way to the cloud; give it one that is offline all the time")
            continue
        found += [
            f"{place.name}: 95 of 100 round trips take at most {link.round_trip_p95_s:g} s, half of them more than "
            f"{link.round_trip_s:g} s"
            for link in (place.cloud, place.reach)
            if link is not None and link.round_trip_p95_s < link.round_trip_s
        ]
        if (
            place.name == considered.asked_at
            and place.cloud.offline_share == 1
            and set(designs) <= {"server", "cached"}
        ):
            found.append(
                f"{place.name}.offline_share is 1, and {' and '.join(designs)} need a network for every answer; "
                "leave --design out, or name static or client"
            )
    if considered.telemetry_least > 0 and considered.telemetry == 0:
        found.append(f"telemetry_least is {considered.telemetry_least:g}, and telemetry 0: nothing is asked for")
    if considered.wrong_static < considered.wrong_device:
        found.append(
            f"wrong_static ({considered.wrong_static:g}) is below wrong_device ({considered.wrong_device:g}): then the "
            "table is the better model"
        )
    return found
