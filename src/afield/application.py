"""An application is a value in three parts, each loaded by the verb that needs it."""

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.metadata import entry_points
from traceback import extract_tb
from typing import Any, TypeVar

import msgspec

from afield.errors import UsageError
from afield.mitigation.emergencies import Emergency
from afield.mitigation.promises import Promise
from afield.mitigation.slices import Sliced, Slices
from afield.monitoring.alarms import Budget
from afield.monitoring.monitor import Monitor
from afield.records.requirements import Goal as Goal
from afield.records.requirements import Hazard as Hazard
from afield.records.requirements import Requirements as Requirements
from afield.records.traffic import Decision, Mode
from afield.records.words import Words
from afield.retraining.triggers import Trigger
from afield.rollout.assignment import Untouched
from afield.rollout.ladder import Ladder
from afield.selection.strategies import Selection
from afield.serving.asking import Asked
from afield.serving.designs import Ahead, Ask
from afield.serving.inference import Infer, Parts, run_only_part
from afield.serving.product import Decide, FleetGuard, FromInput, Guard, TextGuard
from afield.serving.static import Edition
from afield.statistics.losses import Loss
from afield.telemetry.expected import ANY, Expectation
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import Fields

GROUP = "afield.applications"

Part = TypeVar("Part")


def nothing_to_decide(_: Mapping[str, float], __: Mapping[str, float]) -> Decision:
    """No numbers and no reason: where a decision is about what was found in the request."""
    return Decision({}, "")


def nothing_to_prepare(_: Parts, __: Callable[[str], bytes]) -> None:
    """Nothing: where features are looked up."""


@dataclass(frozen=True, slots=True)
class Application:
    """A product feature driven by a model.

    Attributes:
        name: what the command line calls it.
        requirements: goals, hazards and considerations.
        build: `module:attribute` of a function `(options) -> Build`.
        operate: `module:attribute` of a function `(options) -> Operate`.
        options: the application's own options, as text.
        traffic: `module:attribute` of a function `(options, data, window) -> Traffic`, or "".
        surroundings: `module:attribute` of a function `(options, now) -> Surroundings`, or "".
        passing: options that only say how it is built this time.
        demonstration: `module:attribute` of a function `(options, data) -> Scenario`, or "".
        fetch: `module:attribute` of a function `(months, folder, *, told, ...) -> downloads` that brings published
            data, or "".
        demonstration_options: options that the demonstration takes where none are named.
        evaluation: `module:attribute` of a function `(office, release, data, tell) -> (record, table)` that scores a
            release on data without a time axis, or "" where releases are scored over a window.
        zone: name of the time zone of the place (IANA).
        words: what reports, demonstrations and drills call things.
        felt: names of what a report says people felt; goals may be bound to them.
        spec: what `load` was given.
    """

    name: str
    requirements: Requirements
    build: str
    operate: str
    options: Mapping[str, str] = field(default_factory=dict)
    traffic: str = ""
    surroundings: str = ""
    passing: tuple[str, ...] = ()
    demonstration: str = ""
    demonstration_options: Mapping[str, str] = field(default_factory=dict)
    fetch: str = ""
    evaluation: str = ""
    zone: str = "UTC"
    words: Words = field(default_factory=Words)
    felt: tuple[str, ...] = ()
    spec: str = ""

    @property
    def called(self) -> str:
        """What loads it again, here and in other processes."""
        return self.spec or self.name

    @property
    def package(self) -> str:
        """The package that its code lies in, which digests of its code are of."""
        return self.build.partition(":")[0].partition(".")[0]

    def identity(self) -> tuple[str, ...]:
        """Values of the options that make it another application: another home, another champion."""
        return tuple(value for name, value in self.options.items() if name not in self.passing)

    def part(self, path: str, expected: type[Part]) -> Part:
        """Load one half, `self.build` or `self.operate`, with the application's options.

        Raises:
            UsageError: the import string names nothing, or not what is expected.
        """
        loaded = resolve(path)(self.options)
        if not isinstance(loaded, expected):
            raise UsageError(f"{path} gives a {type(loaded).__name__}; {expected.__name__} is expected")
        return loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Designs:
    """What the designs are told of an application.

    Attributes:
        ahead: what the cached design makes before it is asked for, and how long it may be used.
        ask: when the hybrid design asks beyond the device.
        static: how a release is compiled into a product.
    """

    ahead: Ahead = field(default_factory=Ahead)
    ask: Ask = field(default_factory=Ask)
    static: Edition = field(default_factory=Edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """What is watched in production, and when it can be.

    Attributes:
        monitors: declarations of what is watched (`afield.monitoring`).
        delay: outcomes of a tick are complete so long after its end.
        chunk: stretch of domain time that monitors measure at once.
        budget: of false alarms in a year, over all monitors together.
    """

    monitors: tuple[Monitor, ...] = ()
    delay: timedelta = timedelta(0)
    chunk: timedelta = timedelta(days=1)
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operate:
    """How an application operates: light values, read by the workers and by the supervisor.

    Attributes:
        asked: how clients ask.
        decision: outputs of one row and its feature row, by name → decision, where features are looked up by key;
            where they are found in the request, what finds them and decides about them.
        prepare: parts of a release, and a function that reads its files under `tables/` → what `observe` and
            `conclude` work with, made once as the release is opened (`Release.kit`). Where features are looked up,
            it may be a container of the keys that the release knows: others are refused before there are rows.
        pages: `package:folder` of the pages that the service shows, or "".
        loss: name of the elementwise loss that the ladder compares (`afield.statistics.losses`).
        neutral: output of last resort, and that of mode off.
        baseline: the feature-row column that is the baseline's answer.
        step: length of a tick.
        stale_after: age of the facts from which the model is not asked any more.
        telemetry: what is recorded.
        outcomes: what is to come true: how late, between which bounds, and from whom it is only a proxy.
        retention: table → how long its rows are kept; others for ever. Releases keep the data that they were built on.
        facts: kind of fact that clients send → type of its fields.
        private: fields of facts that are stored only as keyed hashes, or field → what becomes of it
            (`afield.telemetry.privacy`); with `unit`, who asked is a keyed hash too, in recorded answers.
        infer: feature columns and parts of a release → outputs, each of shape `(n,)`.
        output: the output that an answer cannot do without, and that outcomes are compared with.
        interval: names of the outputs that bound the predictive interval, or None.
        level: nominal coverage of the interval.
        guards: bounds on the outputs of the model or of the decision, in order.
        fleet: bounds on how far the outputs of all rows move together in a tick, where features are looked up by key.
        grading: numbers of an answer, and the mode in force → its own mode (`afield.mitigation.modes.Grading`), where
            features are looked up by key; None: the mode in force.
        texts: bounds on the lines of an answer's content, where features are found in the request.
        promise: the number of the decision that an answer binds later ones to, where features are looked up by key.
        emergency: the facts that set an override at once, and end it (`afield.mitigation.emergencies`); None: none do.
        slices: names under which a mode or an override is set for many units at once → whether a unit is in it; where
            things are found in the request, the slices of those, for modes.
        monitoring: what is watched.
        selection: which rows people are asked to label (`afield.selection`); None: none.
        retraining: a situation → the reason to train now, or None (`afield.retraining.triggers`).
        rollout: policy of the ladder (`afield.rollout.ladder`).
        felt: the number of the decision that people feel, compared between the arms of a canary.
        untouched: share that gets the neutral answer by lot, where features are looked up by key; None: no share.
        designs: what the cached, the hybrid and the static design are told.
    """

    asked: Asked
    decision: Decide | FromInput
    neutral: Mapping[str, float]
    baseline: str
    step: timedelta
    stale_after: timedelta
    telemetry: Policy
    prepare: Callable[[Parts, Callable[[str], bytes]], object] = nothing_to_prepare
    pages: str = ""
    loss: Loss = "poisson_deviance"
    outcomes: Expectation = ANY
    retention: Mapping[str, timedelta] = field(default_factory=dict)
    facts: Mapping[str, type[msgspec.Struct]] = field(default_factory=dict)
    private: tuple[str, ...] | Fields = ()
    infer: Infer = run_only_part
    output: str = "forecast"
    interval: tuple[str, str] | None = None
    level: float = 0.9
    guards: tuple[Guard, ...] = ()
    fleet: tuple[FleetGuard, ...] = ()
    texts: tuple[TextGuard, ...] = ()
    grading: Callable[[Mapping[str, float], Mode], Mode] | None = None
    promise: Promise | None = None
    emergency: Emergency | None = None
    slices: Slices | Sliced = field(default_factory=dict)
    monitoring: Monitoring = field(default_factory=Monitoring)
    selection: Selection | None = None
    retraining: Trigger | None = None
    rollout: Ladder = field(default_factory=Ladder)
    felt: str = ""
    untouched: Untouched | None = None
    designs: Designs = field(default_factory=Designs)

    @property
    def decide(self) -> Decide:
        """The decision about one row that was looked up."""
        return nothing_to_decide if isinstance(self.decision, FromInput) else self.decision

    @property
    def from_input(self) -> FromInput | None:
        """What finds features in the request; None where they are looked up by key."""
        return self.decision if isinstance(self.decision, FromInput) else None


def resolve(path: str) -> Callable[..., Any]:
    """The callable that an import string `module:attribute` names.

    Raises:
        UsageError: there is no such module or attribute.
    """
    if not path:
        raise UsageError("this application does not have what is asked for; see: afield --help")
    module, _, attribute = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"cannot load {path!r}: {error}; write it as module:attribute") from error
    except ValueError as error:
        raise UsageError(f"cannot load {path!r}: {error} ({_where(error)}); correct the declaration") from error
    if not callable(found):
        raise UsageError(f"{path!r} names a {type(found).__name__}; a function is expected")
    return found  # type: ignore[no-any-return]


def load(name: str, options: Mapping[str, str] | None = None) -> Application:
    """The application called `name` (an entry point of `afield.applications`) or `module:attribute`.

    Raises:
        UsageError: it does not exist, or does not take these options.
    """
    make, given = maker(name), dict(options or {})
    try:
        inspect.signature(make).bind(**given)
    except TypeError as error:
        known = inspect.signature(make).parameters
        unknown = _flags(option for option in given if option not in known)
        problem = f"has no option {unknown}" if unknown else f"does not take these options ({error})"
        raise UsageError(f"{name} {problem}; its options: {_flags(known) or 'none'}") from error
    application = make(**given)
    if not isinstance(application, Application):
        raise UsageError(f"{name} gives a {type(application).__name__}; an Application is expected")
    return replace(application, spec=name)


def maker(name: str) -> Callable[..., object]:
    """The function that makes the application called `name`; its parameters are the application's options.

    Raises:
        UsageError: it does not exist.
    """
    found = {point.name: point.value for point in entry_points(group=GROUP)}
    path = found.get(name, name)
    if ":" not in path:
        known = ", ".join(sorted(found)) or "none installed"
        raise UsageError(f"no application called {name!r}; there is: {known} (or give module:attribute)")
    return resolve(path)


def _where(error: Exception) -> str:
    """File and line of the last step that was taken outside installed packages."""
    steps = [step for step in extract_tb(error.__traceback__) if "site-packages" not in step.filename]
    return f"{steps[-1].filename}, line {steps[-1].lineno}"


def _flags(names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)
