"""One design under examination: what each property of the conformance suite looks at (`afield.testing.designs`)."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from afield.errors import AfieldError, RequestError, ServingError
from afield.records.applied import KNOWN, fallbacks, kind_of
from afield.records.considerations import Design
from afield.records.decision import Override
from afield.records.traffic import Answer
from afield.testing.hosts import ONLINE, Standing

SAME, OFFLINE, AGE = "same facts, same answer", "offline", "how old an answer can be"
UPDATE, ROLLBACK, OVERRIDE, MODE = "an update arrives", "a rollback arrives", "an override acts", "mode off acts"
BAD, TELEMETRY = "bad input", "telemetry adds up"
PATIENCE = 10.0
# Seconds in which a change should be in the answers; what takes longer is noted, not failed: the machine may be busy.
LONG = 0.5

Ask = Callable[[datetime, str], bytes]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one property of one design.

    Attributes:
        design, property: what was looked at.
        holds: whether it is as it must be.
        said: what was seen.
    """

    design: Design
    property: str
    holds: bool
    said: str


class Examination:
    """One design under examination; every answer that it gives is counted."""

    def __init__(self, standing: Standing, asks: Ask, keys: Sequence[str]) -> None:
        """Examine `standing` with requests that `asks` makes about `keys`."""
        self._standing = standing
        self._ground = standing.ground
        self._asks = asks
        self._keys = keys
        self._given: list[Answer] = []
        self.findings: list[Finding] = []

    def same(self) -> None:
        """The same facts give the same answer, twice, now and later in the slot, and where 74 is written 74.0."""
        step, other, asked = self._ground.operate.step, 0, 0
        for at in (self._ground.tick, self._ground.tick + step / 2):
            for key in self._keys:
                like = plainly(self._standing.like.ask(self._asks(at, key)))
                for written in (bytes, bytes, pointed):
                    asked += 1
                    other += plainly(self._ask(at, key, written)) != like
        kept, cached = self._from_cache() if self._standing.design == "cached" else (True, "")
        said = f"{asked} answers, {other} differ from {self._standing.likened}{cached}"
        self._found(SAME, kept and not other, said)

    def _from_cache(self) -> tuple[bool, str]:
        """Whether a cache was of use, where the application lets it be; and what to say of it."""
        operate, found = self._ground.operate, self._standing.cached()
        if operate.from_input is not None and operate.designs.ahead.recall is None:
            return True, "; none from the cache: the application declares nothing that tells known inputs"
        return found > 0, f"; {found} from the cache"

    def update(self) -> None:
        """A newer release is taken over, and every answer meanwhile is given."""
        self._arrives(
            UPDATE, self._ground.second, lambda: self._ground.control(self._ground.second, last_good=self._ground.first)
        )

    def rollback(self) -> None:
        """The release before is taken over again."""
        first, second = self._ground.first, self._ground.second
        back = lambda: self._ground.control(first, back=True, last_good=second)  # noqa: E731
        self._arrives(ROLLBACK, self._ground.first, back)

    def override(self) -> None:
        """A number set by hand is in the answers at once, and gone when it ends."""
        name = next(iter(self._ground.operate.neutral))
        held = Override("by hand", "*", name, 7.0, "the suite", self._ground.tick + timedelta(days=2))
        self._acts(
            OVERRIDE,
            lambda: self._ground.control(self._ground.first, back=True, overrides=(held,)),
            lambda answer: answer.output.get(name) == 7.0,
        )

    def mode(self) -> None:
        """In mode off the model has no say."""
        self._acts(
            MODE,
            lambda: self._ground.control(self._ground.first, back=True, mode="off"),
            lambda answer: answer.mode == "off",
        )

    def age(self) -> None:
        """How old the facts of an answer become before the model has no say, and what stands in."""
        operate, oldest, after = self._ground.operate, 0.0, list[str]()
        if operate.from_input is not None:
            self._known()
            return
        static = self._standing.design == "static"
        limit = operate.designs.static.lasts if static else operate.stale_after
        steps = (
            timedelta(0),
            limit / 2,
            limit - operate.step / 2,
            limit,
            limit + operate.step,
            limit + 2 * operate.step,
        )
        for late in steps:
            answer = self._ask(self._ground.tick + late, self._keys[0])
            fallen = fallbacks(answer.applied)
            after += fallen
            if not fallen:
                oldest = max(oldest, answer.facts_age or 0.0)
        holds = 0 < oldest <= limit.total_seconds() and bool(after)
        told = f"{oldest / 86400:g} days" if oldest > 86400 else f"{oldest / 3600:g} h"
        self._found(AGE, holds, f"{told}, then {', '.join(dict.fromkeys(after)) or 'no fallback'}")

    def _known(self) -> None:
        """How long what was seen in a request is known again; nothing else that an answer rests on grows old."""
        fresh, minute = self._ground.operate.designs.ahead.fresh or timedelta(days=1), timedelta(minutes=1)
        if self._standing.design != "cached" or self._ground.operate.designs.ahead.recall is None:
            self._found(AGE, True, "the facts are in the request")
            return
        key, tick = self._keys[0], self._ground.tick
        self._ask(tick, key)
        within, beyond = (self._ask(tick - fresh + late, key).applied for late in (minute, -minute))
        holds = KNOWN in within and KNOWN not in beyond
        said = f"known again for {fresh.total_seconds() / 3600:g} h; else the facts are in the request"
        self._found(AGE, holds, said)

    def offline(self) -> None:
        """What is answered while the service cannot be reached."""
        like = [plainly(self._standing.like.ask(self._asks(self._ground.tick, key))) for key in self._keys]
        self._ground.cut()
        try:
            answered = same = 0
            for key, expected in zip(self._keys, like, strict=True):
                try:
                    answer = self._ask(self._ground.tick, key)
                except ServingError:
                    continue
                answered += 1
                same += plainly(answer) == expected
            needed = 0 if self._standing.design in ONLINE else len(self._keys)
            said = f"{answered} of {len(self._keys)} answered, {same} as before" if answered else "no answer"
            self._found(OFFLINE, answered == same == needed, said)
        finally:
            self._ground.restore()

    def bad(self) -> None:
        """What is no request is refused, and the next good one answered."""
        refused = 0
        bodies = (b"", b"{", b"[]", b"\xff\x00", b'{"nothing": 1}')
        for body in bodies:
            try:
                self._standing.host.ask(body)
            except (RequestError, msgspec.DecodeError):
                refused += 1
        answered = bool(self._ask(self._ground.tick, self._keys[0]).id)
        self._found(BAD, refused == len(bodies) and answered, f"{refused} of {len(bodies)} refused, the next answered")

    def telemetry(self) -> None:
        """Every answer given is recorded once, by whoever gave it."""
        standing, given = self._standing, Counter(answer.id for answer in self._given)
        standing.take()
        wanted = len(self._given) + standing.elsewhere()
        deadline = time.monotonic() + PATIENCE
        recorded: Counter[str] = Counter()
        while time.monotonic() < deadline:
            recorded = Counter(event.id for event in standing.ground.events(*standing.spools))
            if recorded.total() >= wanted:
                break
            standing.take()
            time.sleep(0.05)
        missing, twice = given - recorded, [name for name, count in recorded.items() if count > 1]
        extra = f" and {standing.elsewhere()} of the device beside" if standing.elsewhere() else ""
        holds = not missing and not twice and recorded.total() == wanted
        said = f"{len(given)} given{extra} = {recorded.total()} recorded"
        self._found(TELEMETRY, holds, said if holds else f"{said}; {len(missing)} missing, {len(twice)} twice")

    def _arrives(self, name: str, release: str, publish: Callable[[], object]) -> None:
        self._acts(name, publish, lambda answer: answer.release == release)

    def _acts(self, name: str, publish: Callable[[], object], acted: Callable[[Answer], bool]) -> None:
        """Publish, and ask until the answers show it; a product that nothing reaches must not show it."""
        if self._standing.design == "static":
            before = plainly(self._ask(self._ground.tick, self._keys[0]))
            publish()
            after = plainly(self._ask(self._ground.tick, self._keys[0]))
            self._found(name, after == before, "with the next edition of the product")
            return
        publish()
        start = time.monotonic()
        failed, answers, shown = 0, 0, False
        while not shown and time.monotonic() - start < PATIENCE:
            if self._standing.design not in ONLINE:
                self._standing.take()
            answers += 1
            try:
                shown = acted(self._ask(self._ground.tick, self._keys[0]))
            except AfieldError:
                failed += 1
        took = time.monotonic() - start
        how = "" if self._standing.design in ONLINE else " of the next contact"
        long = f" (over {LONG:g} s)" if took > LONG else ""
        said = f"within {took:.2f} s{how}{long}; {failed} of {answers} answers failed"
        self._found(name, shown and not failed, said)

    def _ask(self, at: datetime, key: str, written: Callable[[bytes], bytes] = bytes) -> Answer:
        answer = self._standing.host.ask(written(self._asks(at, key)))
        self._given.append(answer)
        return answer

    def _found(self, name: str, holds: bool, said: str) -> None:
        self.findings.append(Finding(self._standing.design, name, holds, said))


def pointed(body: bytes) -> bytes:
    """The body with every whole number written as 74.0: JSON knows one kind of number, and some write it so.

    >>> pointed(b'{"zones":[74],"late":true}')
    b'{"zones":[74.0],"late":true}'
    """
    return msgspec.json.encode(_pointed(msgspec.json.decode(body)))


def _pointed(node: object) -> object:
    if isinstance(node, int) and not isinstance(node, bool):
        return float(node)
    if isinstance(node, list):
        return [_pointed(each) for each in node]
    if isinstance(node, dict):
        return {name: _pointed(value) for name, value in node.items()}
    return node


def plainly(answer: Answer) -> Mapping[str, object]:
    """An answer without its name and the receipt for it, and without what a design says of itself."""
    known = msgspec.to_builtins(answer)
    known.pop("receipt", None)
    found = known.get("content", ())
    content = [{name: value for name, value in each.items() if name not in ("id", "ask")} for each in found]
    applied = [name for name in known["applied"] if kind_of(name) != "design"]
    return {**known, "id": "", "applied": applied, "content": content}
