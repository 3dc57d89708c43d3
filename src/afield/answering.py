"""The inference path assembled from the stages: for the workers that answer, and for the supervisor that forecasts."""

import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from afield import __version__
from afield.application import Application, Operate, resolve
from afield.errors import UsageError
from afield.mitigation.breaker import Breaker
from afield.mitigation.fallbacks import answered
from afield.mitigation.modes import bound, mode_of
from afield.mitigation.overrides import in_force, overridden
from afield.mitigation.promises import Promises
from afield.mitigation.slices import Sliced
from afield.records.traffic import Event, Fact, Query
from afield.release.bundle import Bundle, load
from afield.release.golden import reproduce
from afield.release.signing import Trusted
from afield.rollout.assignment import assign
from afield.serving.cached import Cached
from afield.serving.kept import VALKEY, InProcess, Store
from afield.serving.model import open_release
from afield.serving.predictor import Predictor
from afield.serving.product import Beside
from afield.serving.recalled import Recalled
from afield.serving.releases import Release, Tabled
from afield.serving.static import COMPILED, Lookup
from afield.telemetry.policy import Policy

ASKER = "unit"


def predictor(
    operate: Operate,
    *,
    clock: Callable[[], datetime],
    record: Callable[[Event], None],
    keep: Callable[[tuple[Fact, ...]], None] = lambda _: None,
    record_all: Callable[[Sequence[Event]], None] | None = None,
    breaker: Breaker | None = None,
    key: bytes = b"",
) -> Predictor:
    """The one inference path of an application; workers answer with it, the supervisor forecasts.

    A `breaker` goes by the wall clock: it is for whoever answers people, not for what has to come out the same again.
    With the `key` of the service, what the application promises is held; without it nothing is promised.
    """
    slices = operate.slices
    units = {} if isinstance(slices, Sliced) else slices
    left_alone = operate.untouched
    if left_alone is not None and (left_alone.block % operate.step or operate.from_input is not None):
        raise UsageError(
            f"untouched: blocks of {left_alone.block} with ticks of {operate.step}: declare whole ticks, in an "
            "application whose features are looked up by key"
        )
    prefix, numbers = secrets.token_hex(8), itertools.count()
    beside = Beside(
        assign=assign,
        in_force=partial(in_force, slices=units) if units else in_force,
        overridden=overridden,
        mode_of=partial(mode_of, slices=units) if units else mode_of,
        filled=answered,
        record=record,
        clock=clock,
        identify=lambda: f"{prefix}{next(numbers):x}",
        policy=operate.telemetry.name,
        keep=keep,
        record_all=record_all,
        bound=partial(bound, sliced=slices) if isinstance(slices, Sliced) else lambda _, found: found,
        breaker=breaker,
        untouched=(lambda unit, at: left_alone.drawn(unit, at)[0]) if left_alone is not None else None,
        promises=Promises(operate.promise, key) if operate.promise is not None and key else None,
    )
    return Predictor(operate, beside)


def loader(bundles: Path, trusted: Path, operate: Operate, application: str = "APP") -> Callable[[str], Release]:
    """A function that opens a release by its digest: verified, and proven on its golden rows."""
    keys = Trusted(trusted)

    def opened(digest: str) -> Release:
        bundle = load(bundles, digest, keys, application=application)
        release = open_release(
            digest,
            bundle.manifest,
            bundle.golden,
            bundle.model,
            operate.infer,
            reproduce,
            lambda parts: operate.prepare(parts, lambda name: bundle.read(f"tables/{name}")),
        )
        return replace(release, table=_table(bundle))

    return opened


def _table(bundle: Bundle) -> Tabled | None:
    """What was compiled of a release for when there are no facts; opened once it is needed."""
    if all(file.name != f"tables/{COMPILED}" for file in bundle.manifest.files):
        return None
    lookup = cache(lambda: Lookup.opened(bundle.read(f"tables/{COMPILED}")))
    return lambda keys, at: lookup().spoken(keys, at)


def cached(application: Application, operate: Operate, answers: Predictor, url: str = "") -> Cached | Recalled:
    """The cached design of an application, over its predictor.

    Args:
        application: named in the keys of a cache that is shared, with its options and Afield's version.
        operate: how it operates.
        answers: the one inference path.
        url: of a Valkey or Redis; "" keeps drafts in this process.

    Raises:
        UsageError: this is no such URL, the client is not installed, or nothing tells known inputs.
    """
    name = "-".join((application.name, *application.identity()))
    store: Store = resolve(VALKEY)(url, f"afield:{__version__}:{name}:") if url else InProcess()
    if operate.from_input is None:
        return Cached(answers, store, operate.designs.ahead, partial(_sampled, operate), operate)
    return Recalled(answers, store, operate.designs.ahead)


def _sampled(operate: Operate, at: datetime, key: str) -> Query:
    """The query that the application's own sample asks of a key at a moment."""
    return operate.asked.query(operate.asked.sample(at, key).encode())


def recorded(operate: Operate) -> Policy:
    """What is recorded of answers; who asked is a keyed hash where that is declared private."""
    policy = operate.telemetry
    return replace(policy, fields={**policy.fields, ASKER: "hash"}) if ASKER in operate.private else policy
