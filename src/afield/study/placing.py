"""Placing: the champion measured, its application's considerations weighed, and what came of it as a record."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from afield.application import Operate
from afield.control.office import Office
from afield.errors import UsageError
from afield.placement.considering import changed, checked, read
from afield.placement.measured import Measured
from afield.placement.options import options
from afield.placement.planner import CLOSE, Effort, Row, Trials, best, clearly
from afield.placement.tipping import Tip, tips
from afield.records.considerations import DESIGNS, NEVER, Considerations, Design
from afield.records.provenance import Provenance
from afield.study.measuring import measure
from afield.workshop.code import code_digest

TIPPING = Effort(devices=12, days=1.0, seeds=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the planner.

    Attributes:
        changes: considerations that are other than the application states them, each as NAME=NUMBER.
        designs: that are looked at.
        bodies: requests that are timed; none: the application's sample.
        effort: how much is simulated for the tables.
        tipping: whether tipping points are looked for.
        command: what was typed.
    """

    changes: Sequence[str] = ()
    designs: tuple[Design, ...] = DESIGNS
    bodies: Sequence[bytes] = ()
    effort: Effort = field(default_factory=Effort)
    tipping: bool = True
    command: str = ""


class Placed(msgspec.Struct, frozen=True):
    """Where the model should live, and what speaks for it.

    Attributes:
        application, settings: which one.
        recommended: name of an option.
        says: the recommendation in a sentence.
        reasons: what speaks for it, and against each other option, in sentences.
        rows: every option as it was simulated.
        tips: where the recommendation turns.
        considered: what was weighed.
        changes: which of it was changed on the command line.
        measured: what the release costs on this machine.
        provenance: how to make the numbers again.
    """

    application: str
    settings: dict[str, str]
    recommended: str
    says: str
    reasons: tuple[str, ...]
    rows: tuple[Row, ...]
    tips: tuple[Tip, ...]
    considered: Considerations
    changes: dict[str, float]
    measured: Measured
    provenance: Provenance


def place(office: Office, wanted: Wanted) -> Placed:
    """Measure the champion, simulate every option, recommend one and say where that turns.

    Raises:
        UsageError: the application states no considerations, a change of them is not known, or they cannot be true
            together.
        ServingError: there is no release to measure.
    """
    stated = office.application.requirements.considerations
    if stated is None:
        raise UsageError(
            f"{office.application.name} states no considerations; give its Requirements a "
            "`afield.records.considerations.Considerations`"
        )
    running = as_run(stated, office.operate)
    changes = read(running, wanted.changes)
    considered = checked(changed(running, changes), wanted.designs)
    costs = measure(office, wanted.bodies)
    chosen = options(considered, wanted.designs)
    trials = Trials(costs, wanted.effort)
    rows = []
    for option in chosen:
        office.tell(f"simulating {option.name}")
        rows.append(trials.row(considered, option))
    winner = best(rows)
    seek = wanted.tipping and len(chosen) > 1
    found = tips(considered, Trials(costs, TIPPING), trials, chosen, office.tell) if seek else ()
    application = office.application
    versions = dict(office.shelf.bundle(costs.release).manifest.data)
    return Placed(
        application=application.name,
        settings=dict(application.options),
        recommended=winner.option.name,
        says=_says(winner, rows),
        reasons=(_merits(winner), *(_reason(each, winner) for each in rows if each.option != winner.option)),
        rows=tuple(rows),
        tips=found,
        considered=considered,
        changes=changes,
        measured=costs,
        provenance=Provenance(wanted.command, versions, code_digest(application.package), costs.release),
    )


def as_run(stated: Considerations, operate: Operate) -> Considerations:
    """The considerations with the ages that the product itself goes by: there is one place where each is said."""
    designs, stale, oldest = operate.designs, NEVER, NEVER
    if operate.from_input is None:  # what a request brings itself is never too old
        stale = operate.stale_after.total_seconds()
        oldest = NEVER if designs.ask.oldest is None else designs.ask.oldest
    return replace(
        stated,
        facts=replace(stated.facts, stale_s=stale, oldest_s=oldest),
        cache=replace(stated.cache, fresh_s=designs.ahead.lasts(operate.step).total_seconds()),
    )


def _says(winner: Row, rows: Sequence[Row]) -> str:
    """The recommendation, and how sure it is."""
    told = f"Recommended: {winner.option.name}, at {winner.cost.value:,.0f} a month"
    if winner.misses:
        nearest = f"{winner.option.name}, at {winner.cost.value:,.0f} a month"
        return f"No option meets everything. Nearest is {nearest}, but: {_missing(winner)}"
    others = [each for each in rows if each.option != winner.option and not each.misses]
    if not others:
        return f"{told}; it is the only one that meets everything"
    second = best(others)
    if clearly(winner, second):
        return f"{told}, against {second.cost.value:,.0f} for {second.option.name}"
    return f"{told}; {second.option.name} at {second.cost.value:,.0f} cannot be told apart from it"


def _merits(winner: Row) -> str:
    """What speaks for an option."""
    seen = {name: each.value for name, each in winner.figures.items()}
    dearest = max(winner.accounts, key=lambda kind: winner.accounts[kind].value)
    return (
        f"{winner.option.name} answers {100 * seen['answered']:.3g} of 100 requests, 95 of 100 of those within "
        f"{seen['latency_p95']:.2g} s; {100 * seen['telemetry']:.3g} % of the telemetry arrives; most is paid for "
        f"{ACCOUNTS[dearest]}, {winner.accounts[dearest].value:,.0f} a month"
    )


def _reason(row: Row, winner: Row) -> str:
    """What speaks against an option."""
    if row.misses:
        return f"{row.option.name} is out: {_missing(row)}"
    if abs(row.cost.value - winner.cost.value) < CLOSE * winner.cost.value:
        return f"{row.option.name} costs about the same, {row.cost.value:,.0f} a month"
    costs = f"{row.option.name} costs {row.cost.value:,.0f} a month"
    gaps = {kind: row.accounts[kind].value - winner.accounts[kind].value for kind in row.accounts}
    kind = max(gaps, key=gaps.__getitem__)
    there, here = (f"{each.accounts[kind].value:,.0f}" for each in (row, winner))
    if row.cost.value <= winner.cost.value or there == here:
        return costs
    return f"{costs}, above all for {ACCOUNTS[kind]}: {there} against {here}"


def _missing(row: Row) -> str:
    return "; ".join(row.misses)


ACCOUNTS = {
    "workers": "workers in the cloud",
    "traffic": "bytes",
    "wrong": "wrong answers",
    "late": "late answers",
    "absent": "answers that nobody gets",
}
"""What money goes to, in words."""
