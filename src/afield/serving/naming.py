"""The name of an answer: its identity, what it promises, and what is recorded of it."""

from datetime import datetime

import msgspec

from afield.errors import RequestError
from afield.records.traffic import Answer, Event, Query
from afield.serving.draft import Decided
from afield.serving.product import Beside


class Naming:
    """Makes an answer and its record out of a draft."""

    def __init__(self, beside: Beside, level: float) -> None:
        """Name what `beside` identifies and holds to promises; `level` is the nominal coverage of intervals."""
        self._beside, self._level = beside, level

    def named(self, query: Query, draft: Decided, now: datetime) -> tuple[Event, Answer]:
        """The answer that a draft comes to, and what is recorded of it."""
        receipt: str | msgspec.UnsetType = msgspec.UNSET
        if self._beside.promises is not None or query.receipt:
            draft, receipt = self._promised(query, draft, now)
        identity = self._beside.identify()
        event = Event(
            id=identity,
            unit=query.unit,
            arm=draft.arm,
            release=draft.release,
            tick=draft.tick or query.at,
            inclusion=1.0,
            assignment=draft.assignment,
            policy=self._beside.policy,
            rows=draft.rows,
            output=draft.output,
            at=now,
            applied=draft.applied,
            mode=draft.mode,
            took=draft.took,
        )
        answer = Answer(
            id=identity,
            forecast=draft.forecast,
            release=draft.release,
            mode=draft.mode,
            applied=draft.applied,
            output=draft.output,
            interval=draft.interval,
            level=self._level,
            facts_age=None if draft.as_of is None else max(0.0, (query.at - draft.as_of).total_seconds()),
            reason=draft.reason,
            receipt=receipt,
        )
        return event, answer

    def _promised(self, query: Query, draft: Decided, now: datetime) -> tuple[Decided, str | msgspec.UnsetType]:
        """The draft with no more than the receipt of the query allows, and the receipt for what it says now.

        Raises:
            RequestError: the receipt was not given here, or nothing is promised here.
        """
        promises = self._beside.promises
        if promises is None:
            raise RequestError("no quotes are given here; leave it out, or ask the service that gave it", "quote")
        value = draft.output.get(promises.output)
        if value is None:
            return draft, msgspec.UNSET
        if query.receipt:
            most = promises.held(query.receipt, query.unit, query.person, now)
            if most is None:
                draft = msgspec.structs.replace(draft, reason=f"{draft.reason} (the quote has run out)")
            elif most < value:
                draft = msgspec.structs.replace(
                    draft,
                    output={**draft.output, promises.output: most},
                    applied=(*draft.applied, promises.name),
                    reason=f"{draft.reason}; {most:g} as it was quoted",
                )
                # What a quote lowered is no new quote: it would hold for ever.
                return draft, query.receipt
        return draft, promises.receipt(value, query.unit, query.person, now)
