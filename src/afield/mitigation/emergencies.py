"""Emergencies: facts that set a number of the answers at once, where something happens and until it is over."""

from collections.abc import Callable
from dataclasses import dataclass

from afield.records.decision import Override
from afield.records.traffic import Fact


@dataclass(frozen=True, slots=True)
class Emergency:
    """What a fact of one kind sets, or ends.

    Attributes:
        kind: of the facts. They set what holds, and are not kept as history.
        override: a fact → the override that holds because of it, with its reason and its expiry. A later fact whose
            override has the same name replaces it; one that has expired by the time that it is heard ends it.
    """

    kind: str
    override: Callable[[Fact], Override]
