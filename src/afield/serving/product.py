"""What serving needs of an application and of the stages beside it, stated as it is called."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from afield.records.decision import ControlState, Override
from afield.records.traffic import Decision, Event, Fact, Mode, Query
from afield.serving.inference import Infer, Outputs, Rows
from afield.serving.releases import Release

Decide = Callable[[Mapping[str, float], Mapping[str, float]], Decision]
Last = Callable[[str], NDArray[np.float64]]
Source = tuple[str, Callable[[], Outputs | None]]


@dataclass(frozen=True, slots=True)
class Observation:
    """What was found in one request.

    Attributes:
        rows: its features, one row for each thing found.
        found: the things themselves, in the order of the rows.
    """

    rows: Rows
    found: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What the product does with everything found in one request.

    Attributes:
        content: what the client is told of each thing, in order.
        output: the numbers of the whole answer, by name.
        reason: one line that a person can read.
        facts: what is kept of it as history, to learn from.
    """

    content: tuple[dict[str, object], ...]
    output: dict[str, float]
    reason: str
    facts: tuple[Fact, ...] = ()


Observe = Callable[[object, Release], Observation]


class Conclude(Protocol):
    """The decision about everything found in one request."""

    def __call__(
        self, identity: str, query: Query, observed: Observation, outputs: Outputs, mode: Mode, /
    ) -> Conclusion:
        """What is answered; `identity` names the answer, `outputs` have one value for each row."""
        ...


@dataclass(frozen=True, slots=True)
class FromInput:
    """A decision about requests that bring their own input: their features are found there, not looked up.

    Attributes:
        observe: the decoded request and the release → what is found in it, with features; raises RequestError.
        conclude: decides about everything that was found.
    """

    observe: Observe
    conclude: Conclude


class Guard(Protocol):
    """Bounds what a model may say; gives the same object back where nothing had to change."""

    @property
    def name(self) -> str:
        """What answers say of it."""
        ...

    @property
    def output(self) -> str:
        """The output of the model, or else of the decision, that it bounds."""
        ...

    def __call__(self, outputs: Outputs, last: Last, /) -> Outputs:
        """The outputs, each of shape `(n,)`, within bounds; `last` gives an output's values at an earlier tick."""
        ...


class FleetGuard(Protocol):
    """Bounds what a model may say of all rows together."""

    @property
    def name(self) -> str:
        """What answers say of it."""
        ...

    @property
    def output(self) -> str:
        """The output of the model that it bounds."""
        ...

    def exceeded(self, now: NDArray[np.float64], before: NDArray[np.float64], /) -> bool:
        """Whether the output of all rows moved too far since the last tick; both of shape `(n,)`, NaN: not known."""
        ...


class TextGuard(Protocol):
    """Bounds what a line of an answer's content may say."""

    @property
    def name(self) -> str:
        """What answers say of it."""
        ...

    def __call__(self, line: Mapping[str, object], /) -> Mapping[str, object]:
        """The line as it may be told; the same object where nothing had to change."""
        ...


class Product(Protocol):
    """What the one inference path needs of an application (its `Operate` has it)."""

    @property
    def infer(self) -> Infer:
        """Rows and parts of a release → outputs, each of shape `(n,)`."""
        ...

    @property
    def decide(self) -> Decide:
        """Output of one row, and the row → decision; not asked where `from_input` decides."""
        ...

    @property
    def neutral(self) -> Mapping[str, float]:
        """The output of last resort, and the one in mode off."""
        ...

    @property
    def output(self) -> str:
        """The output that an answer cannot do without, and that outcomes are compared with."""
        ...

    @property
    def interval(self) -> tuple[str, str] | None:
        """Names of the outputs that bound the predictive interval."""
        ...

    @property
    def level(self) -> float:
        """Nominal coverage of the interval."""
        ...

    @property
    def baseline(self) -> str:
        """The feature-row column that is the baseline's answer."""
        ...

    @property
    def step(self) -> timedelta:
        """Length of a tick."""
        ...

    @property
    def stale_after(self) -> timedelta:
        """Age of the facts from which the model is not asked any more."""
        ...

    @property
    def guards(self) -> tuple[Guard, ...]:
        """Bounds on the outputs of the model or of the decision, in order."""
        ...

    @property
    def fleet(self) -> tuple[FleetGuard, ...]:
        """Bounds on what all rows are told together, where features are looked up."""
        ...

    @property
    def texts(self) -> tuple[TextGuard, ...]:
        """Bounds on the lines of a content, where features are found in the request."""
        ...

    @property
    def grading(self) -> Callable[[Mapping[str, float], Mode], Mode] | None:
        """Numbers of an answer, and the mode in force → its own mode; None: the mode in force."""
        ...

    @property
    def from_input(self) -> FromInput | None:
        """Finds features in the request and decides about them; None where they are looked up by key."""
        ...


class Filled(Protocol):
    """The fallback chain: the gaps of `outputs` filled by the first source that knows."""

    def __call__(
        self, outputs: Outputs | None, needed: str, chain: Iterable[Source], /
    ) -> tuple[Outputs, tuple[str, ...]]:
        """The outputs, and `fallback:NAME` of each source that was used."""
        ...


class Assign(Protocol):
    """The arm of a unit at a moment."""

    def __call__(self, unit: str, at: datetime, *, share: float, block: int, salt: str) -> tuple[bool, float]:
        """Whether the unit is treated, and the probability of the arm that it got."""
        ...


class Breaks(Protocol):
    """The circuit breaker of the releases."""

    def admits(self, name: str, /) -> bool:
        """Whether a release may be asked now."""
        ...

    def failed(self, name: str, /) -> None:
        """A release was asked, and failed."""
        ...

    def answered(self, name: str, seconds: float, /) -> None:
        """A release was asked, and answered within so many seconds."""
        ...

    def states(self) -> Mapping[str, str]:
        """The state of each release that failed when it was last asked."""
        ...


class Promises(Protocol):
    """What an answer said, held against later ones."""

    @property
    def name(self) -> str:
        """What answers say of it where it lowered them."""
        ...

    @property
    def output(self) -> str:
        """The output of the decision that is promised not to be higher later."""
        ...

    def receipt(self, value: float, unit: str, person: str, now: datetime, /) -> str:
        """The receipt for a value told to a person about a unit."""
        ...

    def held(self, receipt: str, unit: str, person: str, now: datetime, /) -> float | None:
        """The value that a receipt holds the service to; None once it has run out. Raises RequestError."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What other stages do along the path.

    Attributes:
        assign: canary assignment.
        in_force: the overrides that hold for a unit at a moment.
        overridden: values with overrides applied, and the names of those that acted.
        mode_of: the mode for a unit.
        filled: the fallback chain.
        record: keeps an event; it must not raise.
        clock: domain time on the wall clock of the place.
        identify: gives a new unique id.
        policy: name of the telemetry policy in force.
        keep: keeps facts that an answer brought to light; it must not raise.
        promises: gives and holds receipts; None: no answer binds later ones.
        bound: what was found in a request, within the modes of the slices that hold it.
        breaker: keeps requests from releases that keep failing; None: they are asked each time.
        untouched: whether the lot leaves a unit alone at a moment; None: it leaves none.
        record_all: keeps several events at once; it must not raise. None: one after the other.
    """

    assign: Assign
    in_force: Callable[[Iterable[Override], str, datetime], tuple[Override, ...]]
    overridden: Callable[[Mapping[str, float], Iterable[Override]], tuple[dict[str, float], tuple[str, ...]]]
    mode_of: Callable[[ControlState, str], Mode]
    filled: Filled
    record: Callable[[Event], None]
    clock: Callable[[], datetime]
    identify: Callable[[], str]
    policy: str
    keep: Callable[[tuple[Fact, ...]], None] = lambda _: None
    record_all: Callable[[Sequence[Event]], None] | None = None
    bound: Callable[[ControlState, tuple[object, ...]], tuple[object, ...]] = lambda _, found: found
    breaker: Breaks | None = None
    promises: Promises | None = None
    untouched: Callable[[str, datetime], bool] | None = None
