"""Drills about what is learned: labels that lie, and a candidate that is worse than what it would replace."""

from dataclasses import replace
from datetime import datetime

import polars as pl

from afield.application import Operate
from afield.control.evidence import losses, paired
from afield.drills.rig import Rig
from afield.drills.seen import Seen
from afield.rollout.judging import judge
from afield.rollout.ladder import Step
from afield.statistics.losses import LOSSES
from afield.workshop.examples import History, Labels
from afield.workshop.plan import Assessment


def poisoned_labels(rig: Rig) -> Seen:
    """Train on what the service collected with every second label a lie; the gates must refuse what comes of it."""
    office = rig.office
    bench, plan = office.bench(production=True), office.plan
    facts = bench.read(plan, None)
    windows = bench.windows(plan, facts, None)
    labels = poisoned(plan.labels, plan.features.origin, windows.test.start)
    plan = replace(plan, labels=labels, assessment=Assessment())
    examples = bench.examples(plan, facts, windows)
    scored = bench.score(plan, facts, bench.fit(plan, facts, examples, windows), examples, windows)
    failed = [each.gate for each in scored.verdicts if not each.passed]
    return Seen(
        f"{len(failed)} of {len(scored.verdicts)} gates refused the candidate: {', '.join(failed) or 'none'}",
        bool(failed),
    )


def poisoned(labels: Labels, origin: str, before: datetime) -> Labels:
    """The same labels, but that of every second row before a moment is the lowest of its stretch."""

    def lying(spine: pl.DataFrame, history: History) -> pl.DataFrame:
        rows = labels(spine, history)
        lied = (pl.col(origin) < before) & (pl.int_range(pl.len()) % 2 == 0)
        truth = pl.when(lied).then(pl.col("truth").min()).otherwise("truth")
        return rows.with_columns(truth.cast(rows["truth"].dtype))

    return lying


def worse_candidate(rig: Rig) -> Seen:
    """Let the ladder judge a release that answers upside down; it goes back, and one that is no worse does not."""
    office = rig.office
    reference = pl.read_ipc(office.shelf.bundle(office.actions.state.champion).read("tables/reference.arrow"))
    answer = pl.col(office.operate.output)
    worse = verdicts(office.operate, reference, reference.with_columns(answer.max() + answer.min() - answer))
    same = verdicts(office.operate, reference, reference)
    return Seen(
        "; ".join(f"{stage}: {step.reason}" for stage, step in worse.items())
        + f"; one that answers the same: {', '.join(step.reason for step in same.values())}",
        all(step.to == "rolled_back" and step.reason.startswith("worse") for step in worse.values())
        and not any(step.reason.startswith("worse") for step in same.values()),
    )


def verdicts(operate: Operate, champion: pl.DataFrame, candidate: pl.DataFrame) -> dict[str, Step]:
    """What the ladder says of a candidate in shadow, and of one that is live already.

    Args:
        operate: names the output, its loss and the ladder.
        champion: rows with `tick`, `truth` and the output, as the champion answered.
        candidate: the same rows, as the candidate answered.
    """
    arms = {"champion": champion, "challenger": candidate}
    joined = pl.concat(
        rows.select("tick", "truth", pl.col(operate.output).alias(f"output_{operate.output}")).with_columns(
            arm=pl.lit(arm), release=pl.lit(arm), inclusion=pl.lit(1.0)
        )
        for arm, rows in arms.items()
    )
    by_tick = losses(joined, operate.output, LOSSES[operate.loss])
    evidence = paired(by_tick, "challenger", "champion", champion["tick"].n_unique())
    return {stage: judge(operate.rollout, stage, evidence) for stage in ("shadow", "probation")}
