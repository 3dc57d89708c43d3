"""What `afield compare --elsewhere` does: opens the other place, and takes a model of here to it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec
import polars as pl

from afield.control.office import Office
from afield.data.split import enough
from afield.errors import UsageError
from afield.release.registry import named
from afield.study.answering import Asked as Answering
from afield.study.comparing import fitted, released
from afield.study.comparison import Asked, field_of
from afield.study.contenders import Contender, every
from afield.study.field import Field, Terms
from afield.study.reusing import Reused, reuse
from afield.wording import metric_name
from afield.workshop.bench import Bench
from afield.workshop.facts import Facts

History = Mapping[str, pl.LazyFrame]


def transfer(office: Office, place: str, asked: Asked) -> Reused:
    """A model of here, or the release that is named, in another place.

    Raises:
        UsageError: the application names no other place, or not this one; more than one release is named.
        DataError: there is too little data in one of the places.
    """
    plan, open_place = office.plan, office.plan.assessment.elsewhere
    if open_place is None:
        raise UsageError(f"{office.application.name} declares no other place; see Assessment.elsewhere")
    if len(asked.names) > 1:
        raise UsageError(
            f"--elsewhere takes one release along; {len(asked.names)} are named ({', '.join(asked.names)})"
        )
    there = open_place(place)
    bench = office.bench()
    facts = bench.read(plan, asked.data)
    features: tuple[str, ...]
    if asked.names:
        if there.of_here is not dict:
            raise UsageError(
                f"a release was fitted on what is called {there.name} as well; leave it out, and a model is fitted "
                "without it"
            )
        digest = named(office.home.bundles, asked.names[0], office.application.called)
        parts = office.shelf.release(digest).parts
        taken = released(
            Contender(digest[:12], "release", "", release=digest), parts, office.operate.infer, plan.part, 0
        )
        model, ask, features = f"release {digest[:12]}", taken.ask, taken.features
    else:
        digest = ""
        model, features, ask = _fitted_here(office, bench, _only(facts, there.of_here, f"all but {there.name}"), asked)
    far = office.bench(source=there.source, name=there.name) if there.source else bench
    away = far.read(plan, None) if there.source else facts
    away = _only(away, there.of_there, there.name)
    field = _field(office, far, away, asked, digest)
    data = {"here": facts.summary.fingerprint, "there": away.summary.fingerprint}
    return reuse(
        replace(field, provenance=msgspec.structs.replace(field.provenance, data=data)),
        plan.recipes[0],
        model,
        features,
        ask,
        there.here,
        there.name,
        metric_name(plan.metrics[0], office.application.words),
    )


def _fitted_here(office: Office, bench: Bench, facts: Facts, asked: Asked) -> tuple[str, tuple[str, ...], Answering]:
    """The build's first recipe, fitted on the training window of here."""
    field = _field(office, bench, facts, asked, "")
    contender = next(each for each in every(office.plan) if each.name == office.plan.recipes[0].name)
    terms = Terms(rows=asked.rows, within=asked.within, slice="all", reference="", called=str, shares=(1.0,))
    ready = fitted(field, contender, terms)
    if not ready.features:
        raise UsageError(f"{contender.name} cannot be fitted on the data of here: {ready.learnt[0].problem}")
    return f"{contender.name}, fitted here", ready.features, ready.ask


def _field(office: Office, bench: Bench, facts: Facts, asked: Asked, release: str) -> Field:
    windows = bench.windows(office.plan, facts, None)
    enough(windows.training, office.plan.features.lookback)
    examples = bench.examples(office.plan, facts, windows)
    return field_of(office, asked, facts, examples, windows.test, learned=windows, release=release)


def _only(facts: Facts, chosen: Callable[[History], History], name: str) -> Facts:
    """A part of the facts, under a fingerprint of its own."""
    if chosen is dict:
        return facts
    fingerprint = f"{facts.summary.fingerprint}/{name}"
    return replace(
        facts,
        tables=dict(chosen(facts.tables)),
        summary=msgspec.structs.replace(facts.summary, fingerprint=fingerprint),
    )
