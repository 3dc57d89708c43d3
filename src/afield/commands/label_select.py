"""`afield label select` and `accuracy`: draw rows to label, and what the labels of drawn rows say of all rows."""

from datetime import datetime
from typing import Annotated

import polars as pl
from cyclopts import Parameter
from rich.console import Group

from afield.application import load
from afield.commands.label import Data, opened
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.control.selecting import Draws, draws_of, labelled
from afield.errors import UsageError
from afield.labelling.queue import QUEUE
from afield.records.evidence import Estimate
from afield.records.facts import Window
from afield.selection.estimation import labelled_ratio, powered_mean
from afield.statistics.losses import LOSSES
from afield.telemetry.delivery import EVENTS
from afield.workshop.production import Production

HALF = 0.5
Until = Annotated[datetime | None, Parameter(name="--to", help="end of the chunk; left out: that of the newest events")]


def select(app: str, /, *, until: Until = None, context: Context, **options: str) -> None:
    """Draw rows of the newest chunk of production that people should label, and put them into the queue, once.

    The same chunk is drawn once: asked again, nothing more is asked of people. A running service draws by itself.

    Args:
        app: name of the application.
        until: end of the chunk, on the border of one; left out: that of the newest events.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    draws, chunk = _draws(office, app), office.operate.monitoring.chunk
    if not office.tables.exists(EVENTS):
        raise UsageError(
            f"nothing was predicted here yet, so there is nothing to select from; first: afield serve {app}"
        )
    if until is None:
        newest = (
            office.tables.scan(EVENTS).filter(pl.col("kind") == "tick").select(pl.col("tick").max()).collect().item()
        )
        until = newest + office.operate.step if isinstance(newest, datetime) else office.clock.now()
        until -= (until - datetime.min) % chunk
    elif (until - datetime.min) % chunk:
        raise UsageError(f"--to {until} does not lie on the border of a chunk of {chunk}; move it there")
    window = Window(until - chunk, until)
    before = office.tables.scan(QUEUE).collect().height if office.tables.exists(QUEUE) else 0
    asked = draws.select(window, office.actions.state.champion, until)
    stored = (office.tables.scan(QUEUE).collect().height if office.tables.exists(QUEUE) else 0) - before
    reasons = asked["reason"].value_counts(sort=True)
    value = {"from": window.start, "to": window.end, "drawn": asked.to_dicts(), "queued": stored}
    if asked.is_empty():
        text = f"nothing to draw from {window.start} to {window.end}: no forecast there waits for an outcome"
        result(context, value, text)
        return
    title = f"{asked.height:,} rows of {window.start} to {window.end}; {stored:,} newly queued"
    shown = table(("reason", "rows"), reasons.rows(), title=title)
    result(context, value, Group(shown, f"see them: afield label queue {app}"))


def accuracy(app: str, /, *, data: Data = None, context: Context, **options: str) -> None:
    """Tell how good the champion is on all rows among which was drawn, from those that people labelled.

    Weighted by the probability with which each was drawn, with an interval; where the model gives a chance, what it
    foresees of its own loss makes the estimate sharper (prediction-powered inference).

    Args:
        app: name of the application.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    found = opened(app, data, context, options)
    office, draws = found.office, _draws(found.office, app)
    if not office.tables.exists(QUEUE):
        raise UsageError(f"no row was drawn yet; draw some: afield label select {app}")
    stands = found.book.resolved(found.book.labelling.policy).select("item", "label").drop_nulls("label").collect()
    rows, every = labelled(draws, stands, office.operate.monitoring.chunk)
    asked = office.tables.scan(QUEUE).filter(pl.col("inclusion").is_not_null()).collect().height
    said, truth = rows["said"].to_numpy(), rows["label"].cast(pl.Float64).to_numpy()
    inclusion, loss = rows["inclusion"].to_numpy(), office.operate.loss
    losses = LOSSES[loss](said, truth)
    told: dict[str, Estimate] = {f"mean {loss}": labelled_ratio(losses, inclusion)}
    if set(draws.labelling.classes.values()) == {0.0, 1.0}:
        right = ((said >= HALF) == (truth >= HALF)).astype(float)
        told["accuracy"] = labelled_ratio(right, inclusion)
        if loss == "squared_error":
            everywhere = every.clip(0.0, 1.0).to_numpy()
            foreseen = rows["said"].clip(0.0, 1.0).to_numpy()
            name = f"mean {loss}, prediction-powered"
            told[name] = powered_mean(losses, inclusion, foreseen * (1 - foreseen), everywhere * (1 - everywhere))
    value = {
        "drawn": asked,
        "labelled": rows.height,
        "rows": len(every),
        "estimates": told,
        "provenance": found.provenance(context),
    }
    lines = [(name, each.value, each.interval.low, each.interval.high) for name, each in told.items()]
    title = f"{rows.height:,} of {asked:,} drawn rows are labelled; they stand for {len(every):,}"
    advice = "" if rows.height == asked else "whoever is not labelled is taken to be like those who are"
    result(context, value, Group(table(("of all rows", "value", "95 % from", "to"), lines, title=title), advice))


def _draws(office: Office, app: str) -> Draws:
    """What draws the application's rows.

    Raises:
        UsageError: it declares no selection.
    """
    history = Production(office.tables, office.plan.tables)
    made = draws_of(office, lambda _: dict(history.read().tables), lambda _: pl.DataFrame())
    if made is None:
        raise UsageError(
            f"{app} declares no selection: its outcomes come true by themselves; what people contest, suspects and "
            f"conflicts wait all the same: afield label queue {app}"
        )
    return made
