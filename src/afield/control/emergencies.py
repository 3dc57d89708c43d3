"""What is said of emergencies, put into the ledger as overrides: at once, and once."""

from collections.abc import Callable
from datetime import datetime

from afield.control.actions import Actions
from afield.errors import RolloutError
from afield.mitigation.emergencies import Emergency
from afield.records.traffic import Fact

SAID, FACT = "said", "fact"
"""Evidence of the ledger's rows: when the fact was said, and its id."""


class Emergencies:
    """Hears facts of emergencies, and acts on each once, whoever led when it came.

    Of two facts about the same override the one that was said later counts, whichever comes first; so nothing that is
    sent or read again brings back what has ended, or what a person has lifted.
    """

    def __init__(self, emergency: Emergency | None, actions: Actions, tell: Callable[[str], None]) -> None:
        """Act by `actions`; without an `emergency` nothing is one. `tell` is told what cannot be done."""
        self._emergency, self._actions, self._tell = emergency, actions, tell
        self._heard: dict[str, Fact] = {}
        self._now: datetime | None = None

    def hears(self, fact: Fact) -> bool:
        """Whether a fact is one of an emergency; it is then acted on when `act` is called."""
        if self._emergency is None or fact.kind != self._emergency.kind:
            return False
        self._heard[fact.id] = fact
        return True

    def act(self, now: datetime | None = None) -> bool:
        """Set and lift what the facts say that were heard since; whether anything changed.

        Without a `now` it is the last one that was told, or when the fact was said.

        Raises:
            StoreError: the ledger cannot be written; what was not done is done at the next call.
        """
        self._now = now or self._now
        changed = False
        for fact in sorted(self._heard.values(), key=lambda each: each.at):
            changed = self._done(fact, self._now or fact.at) or changed
            del self._heard[fact.id]
        return changed

    def _done(self, fact: Fact, now: datetime) -> bool:
        if self._emergency is None:
            return False
        override, said = self._emergency.override(fact), fact.at.isoformat()
        evidence = {SAID: said, FACT: fact.id}
        before = (str(row.evidence.get(SAID, "")) for row in self._actions.rows("override", override.name))
        if any(each >= said for each in before):
            return False
        try:
            if override.expires > now:
                self._actions.override(override, now, evidence)
                return True
            if any(each.name == override.name for each in self._actions.state.overrides):
                self._actions.lift(override.name, override.reason, now, evidence)
                return True
        except RolloutError as error:
            self._tell(f"emergency {fact.id}: {error}")
        return False
