"""Whether the split of a build leaks: its examples by side, and what lies on two of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from afield.audit.checking import Check
from afield.data.leakage import Apart, leakage
from afield.data.sides import TEST, TRAINING, VALIDATION
from afield.errors import DataError, EngineError, FeatureError
from afield.workshop.bench import Bench
from afield.workshop.examples import open_examples
from afield.workshop.plan import SEED, Build
from afield.workshop.results import Windows

LEARNED_AT_MOST, JUDGED_AT_MOST = 400_000, 100_000
"""Rows in which near-duplicates are looked for: of the training side, and of each of the others."""


def split(plan: Build, bench: Bench, data: Path | None, tell: Callable[[str], None] = lambda _: None) -> Check:
    """Whether the split that a build of these data makes keeps its sides apart (see `apart`).

    Data that are too short to be split prove nothing, and are no fault of the application: they are a warning.
    """
    facts = bench.read(plan, data)
    try:
        windows = bench.windows(plan, facts, None)
    except DataError as error:
        return Check("split", True, "nothing", warnings=(str(error),))
    try:
        examples = bench.examples(plan, facts, windows)
    except (DataError, EngineError, FeatureError) as error:
        return Check("split", False, "nothing", (str(error),))
    return apart(plan, examples, windows, tell)


def apart(plan: Build, examples: Path, windows: Windows, tell: Callable[[str], None] = lambda _: None) -> Check:
    """Whether no entity, duplicate or near-duplicate crosses from one side of the split to another.

    Entities and duplicates are looked for in all rows; near-duplicates in a sample, where there are very many.

    Args:
        plan: says what must stay apart; where it does not, no row may be there twice.
        examples: folder of the examples.
        windows: the sides.
        tell: is told what happens.
    """
    wanted = plan.assessment.apart or Apart(same=(*plan.features.keys, plan.features.origin))
    spans = {TRAINING: windows.training, VALIDATION: windows.validation, TEST: windows.test}
    scanned = {
        name: open_examples(examples, plan.features.origin, span).filter("has_history") for name, span in spans.items()
    }
    exact = replace(wanted, numbers=(), text="", told_apart=None)
    # What entities are derived from is not among the columns that near-duplicates are looked for in.
    derived = {name: made for name, made in wanted.derived.items() if name in (*wanted.numbers, wanted.text)}
    near = replace(wanted, entity=(), same=(), derived=derived)
    try:
        narrow = {name: rows.select(exact.columns()).collect() for name, rows in scanned.items()}
        tell(f"looking for rows on two sides of the split, among {sum(map(len, narrow.values())):,}")
        found = [*leakage(narrow, exact)]
        sampled, looked = _sampled(near, scanned) if near.numbers or near.text else ({}, "")
        found += leakage(sampled, replace(near, told_apart=None)) if sampled else ()
    except DataError as error:
        return Check("split", False, "the sides of the split", (str(error),))
    sides = ", ".join(f"{rows.height:,} {name}" for name, rows in narrow.items())
    return Check("split", not found, f"{sides}{looked}", tuple(each.message for each in found))


def _sampled(near: Apart, scanned: Mapping[str, pl.LazyFrame]) -> tuple[dict[str, pl.DataFrame], str]:
    """The rows of each side in which near-duplicates are looked for, and that in words."""
    kept, whole = {}, True
    for name, rows in scanned.items():
        rich = rows if near.told_apart is None else rows.filter(near.told_apart)
        side = rich.select(near.columns()).collect()
        most = LEARNED_AT_MOST if name == TRAINING else JUDGED_AT_MOST
        whole = whole and side.height <= most
        kept[name] = side if side.height <= most else side.sample(most, seed=SEED)
    if any(side.is_empty() for side in kept.values()):
        return {}, "; too few rows to look for near-duplicates"
    sizes = ", ".join(f"{side.height:,}" for side in kept.values())
    return kept, f"; near-duplicates in {'all' if whole else 'a sample of the'} rows that can be told apart: {sizes}"
