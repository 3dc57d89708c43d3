"""What a draft rests on, as a name: queries of the same basis have the same draft."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from afield.records.decision import Override
from afield.records.traffic import Mode, Query
from afield.serving.situation import REACH, Situation

DIGITS = 16


def basis(
    seen: Situation,
    query: Query,
    digest: str,
    mode: Mode,
    held: Iterable[Override],
    *,
    step: timedelta,
    stale_after: timedelta,
) -> str:
    """The basis of a query's draft: who answers, from which rows, under which control state, for which slot.

    A new control state (a rollback, an override, a mode) or new rows give every query another one, so that nothing
    made before can be found any more.

    Args:
        seen: what the process knows.
        query: the query.
        digest: the release that answers it.
        mode: for its unit.
        held: the overrides in force for it.
        step: length of a slot.
        stale_after: age of the facts from which the model is not asked.

    Returns:
        The name; "" where there are no rows, and so nothing worth keeping.
    """
    rows = seen.rows
    if rows is None:
        return ""
    slot, age = (query.at - rows.tick) // step, query.at - rows.as_of
    known = "model" if age <= stale_after else "baseline" if age <= REACH else "nobody"
    fields = ",".join(f"{name}={value!r}" for name, value in sorted(query.fields.items()))
    who = speaker(seen, digest, mode, held)
    return f"{who}:{rows.version[:DIGITS]}:{slot}:{known}:{query.key}:{fields}"


def speaker(seen: Situation, digest: str, mode: Mode, held: Iterable[Override]) -> str:
    """The part of a basis that is the same for every query: who answers, under which control state.

    An override ends by the clock and not by a new control state, so those in force are named.
    """
    overrides = ",".join(f"{one.name}/{one.scope}" for one in held)
    return f"{seen.terms}:{digest[:DIGITS]}:{mode}:{overrides}"


def slots(tick: datetime, step: timedelta, count: int) -> tuple[datetime, ...]:
    """The middle of each of the next `count` slots from `tick` on: what is true there is true of nearly all of it."""
    return tuple(tick + step * slot + step / 2 for slot in range(count))
