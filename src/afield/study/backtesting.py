"""What `afield backtest` does: the origins that were asked for, once for each content of data, code and terms."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

from afield.control.office import Office
from afield.engine.engine import HERE, Engine
from afield.errors import UsageError
from afield.records.provenance import Provenance
from afield.study.backtest import Backtest, Terms, backtest, origins, slices_of
from afield.training.recipes import AnyRecipe
from afield.workshop.code import code_digest
from afield.workshop.plan import SEED, Build

RECORD = "backtest.json"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for.

    Attributes:
        origins: how many.
        window: what each forecasts; None: the build's test window, divided between them.
        recipe: the only one to learn with; "": the best of the build's at each origin.
        data: folder or file of data, or None for the generated default.
        command: what was typed.
    """

    origins: int
    window: timedelta | None = None
    recipe: str = ""
    data: Path | None = None
    command: str = ""


def backtested(office: Office, asked: Asked, engine: Engine = HERE) -> Backtest:
    """The backtest.

    Raises:
        UsageError: there are no origins, the window is no whole number of slots, or there is no such recipe.
        DataError: there is too little to learn from before the first origin.
    """
    plan, bench = office.plan, office.bench()
    recipes = _recipes(office, asked.recipe)
    facts = bench.read(plan, asked.data)
    windows = bench.windows(plan, facts, None)
    length = asked.window if asked.window is not None else _divided(plan, asked.origins)
    splits = origins(plan, windows.whole, asked.origins, length)
    examples = bench.examples(plan, facts, windows)

    made_by = Provenance(asked.command, {"facts": facts.summary.fingerprint}, _code(office), seed=SEED)

    def make(folder: Path) -> None:
        terms = Terms(
            plan=plan,
            recipes=recipes,
            infer=office.operate.infer,
            examples=examples,
            history=facts.tables,
            standing=bench.standing(plan).parts,
            slices=slices_of(plan, examples, splits[0]),
        )
        folds, pooled, spread = backtest(terms, splits, office.tell, engine)
        name, generated = office.application.name, facts.summary.generated
        found = Backtest(name, generated, tuple(plan.metrics), folds, pooled, spread, made_by)
        (folder / RECORD).write_bytes(msgspec.json.encode(found))

    inputs = {
        "facts": facts.summary.fingerprint,
        "code": made_by.code,
        "options": repr(sorted(office.application.options.items())),
        "splits": repr(splits),
        "recipes": repr([recipe.name for recipe in recipes]),
        "seed": str(SEED),
    }
    folder = bench.steps.run("backtest", inputs, make)
    found = msgspec.json.decode((folder / RECORD).read_bytes(), type=Backtest)
    return msgspec.structs.replace(found, provenance=made_by)


def _divided(plan: Build, count: int) -> timedelta:
    """The test window divided between the origins, in whole days where it holds so many, else in slots."""
    share = plan.test // max(1, count)
    step = DAY if share >= DAY and DAY % plan.slot == timedelta(0) else plan.slot
    return max(share // step * step, plan.slot)


def _code(office: Office) -> str:
    return code_digest(office.application.package)


def _recipes(office: Office, name: str) -> tuple[AnyRecipe, ...]:
    plan = office.plan
    known = {each.name: each for each in (*plan.recipes, plan.rival, *plan.assessment.compared)}
    if name and name not in known:
        raise UsageError(f"there is no recipe {name!r}; there is: {', '.join(known)}")
    return (known[name],) if name else tuple(plan.recipes)
