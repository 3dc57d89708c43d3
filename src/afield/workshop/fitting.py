"""Fitting: the recipes on the training window, the best by the validation window, then that one on everything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import polars as pl

from afield.errors import TrainingError
from afield.records.facts import Window
from afield.records.release import Part
from afield.retraining.material import EVERYTHING
from afield.serving.inference import Parts
from afield.serving.model import Model
from afield.training.models import needs, train_recipe
from afield.training.recipes import AnyRecipe
from afield.training.simplicity import simplest
from afield.training.states import states, with_states
from afield.training.train import Trained
from afield.training.tuning import Remember, remember_nothing
from afield.workshop.choosing import choose
from afield.workshop.examples import open_examples
from afield.workshop.materials import choose_material
from afield.workshop.plan import Build, Companion
from afield.workshop.results import Windows
from afield.workshop.searching import told, trials_table

RIVAL = "rival"
TRIALS = "trials.arrow"


class Record(msgspec.Struct, frozen=True):
    """What a fit leaves beside its models.

    Attributes:
        tested, final: parts of the release that is tested, and of the one that is signed.
        slices: name → spine keys.
        notes: what the learners had to say.
        beside: further models that the tested one is compared with.
        simplest: name of the simplest recipe, or "" where it was chosen.
        material: what the model was trained on and why, or "" where there was no choice.
    """

    tested: tuple[Part, ...]
    final: tuple[Part, ...]
    slices: dict[str, tuple[int, ...]]
    notes: tuple[str, ...]
    beside: tuple[Part, ...] = ()
    simplest: str = ""
    material: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Models of a build.

    Attributes:
        tested: parts fitted without the test window, ready to run.
        final: parts fitted on everything, with their graphs.
        rival: the learner to beat, fitted without the test window.
        slices: name → spine keys.
        notes: what the learners had to say.
        tables: fitted tables that go into the release.
        beside: name → further model to compare with, fitted without the test window.
        simplest: name of the simplest recipe, which the model has to beat; "" where it is the model.
        material: as of `Record`.
    """

    tested: Parts
    final: Mapping[str, tuple[Part, bytes]]
    rival: Model
    slices: Mapping[str, tuple[int, ...]]
    notes: tuple[str, ...]
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    beside: Mapping[str, Model] = field(default_factory=dict)
    simplest: str = ""
    material: str = ""


def fit(
    folder: Path,
    plan: Build,
    examples: Path,
    windows: Windows,
    history: Mapping[str, pl.LazyFrame],
    seed: int,
    tell: Callable[[str], None],
    standing: Mapping[str, Companion],
    parent: bytes | None = None,
    remember: Remember = remember_nothing,
) -> None:
    """Write the fitted parts and their record into `folder`.

    The recipe is chosen on the validation window (`choosing.choose`). The signed model is the same recipe
    fitted on the whole, the test window included, for what is newest teaches most.

    Args:
        folder: empty.
        plan: how the application is built.
        examples: folder of examples.
        windows: to train and to choose on.
        history: the facts.
        seed: of every draw.
        tell: is told what happens.
        standing: parts that go into every release.
        parent: the graph that an incremental recipe goes on from.
        remember: knows trials of a search that was interrupted.
    """

    def trained(recipe: AnyRecipe, rows: pl.LazyFrame, before: Trained | None = None) -> Trained:
        return _train(plan, recipe, rows, late, seed, before, parent, remember)

    origin, start = plan.features.origin, windows.training.start
    early = _known(open_examples(examples, origin, windows.training))
    late = _known(open_examples(examples, origin, windows.validation))
    every = _known(open_examples(examples, origin, Window(start, windows.whole.end)))
    tried = {recipe.name: trained(recipe, early) for recipe in plan.recipes}
    chosen = choose(plan, plan.recipes, tried, late, seed, tell)
    recipe = next(each for each in plan.recipes if each.name == chosen)
    material, reason = choose_material(
        plan, early, late, windows.validation, seed, lambda rows, held: _train(plan, recipe, rows, held, seed)
    )
    best, rival = tried[recipe.name], trained(plan.rival, early)
    if material != EVERYTHING:
        best = tried[recipe.name] = trained(recipe, material.of(early, origin, windows.training.end, seed))
    least = plan.assessment.simplest or simplest((*plan.recipes, plan.rival))
    tried[plan.rival.name] = rival
    challenger = tried.get(least.name) or trained(least, early)
    tell(f"chose {recipe.name}; fitting it and {plan.rival.name} on everything")
    # Spread and calibration are fitted on rows that a model has not seen: they are the tested models'.
    final = _with_both_states(best, trained(recipe, material.of(every, origin, windows.whole.end, seed), best))
    final_rival = trained(plan.rival, every, rival)
    sets = {
        "tested": _parts(plan, best, rival, {**standing, **plan.companions(early, history)}),
        "final": _parts(plan, final, final_rival, {**standing, **plan.companions(every, history)}),
    }
    beside = [] if least.name in (recipe.name, plan.rival.name) else [_alone(challenger)]
    for name, parts in {**sets, "beside": beside}.items():
        for part, onnx in parts:
            (folder / f"{name}-{part.name}.onnx").write_bytes(onnx)
    searched = [each for each in tried.values() if each.trials]
    if searched:
        trials_table(searched).write_ipc(folder / TRIALS)
    said = [note for each in (best, rival, final, final_rival) for note in each.messages]
    notes = tuple(dict.fromkeys([*said, *map(told, searched), *([reason] if reason else [])]))
    for note in notes:
        tell(note)
    tested, kept = (tuple(part for part, _ in sets[name]) for name in ("tested", "final"))
    found = "" if least.name == recipe.name else least.name
    record = Record(tested, kept, dict(plan.slices(early)), notes, tuple(part for part, _ in beside), found, reason)
    (folder / "fit.json").write_bytes(msgspec.json.encode(record))


def fit_before(
    plan: Build,
    recipes: Sequence[AnyRecipe],
    early: pl.LazyFrame,
    late: pl.LazyFrame,
    history: Mapping[str, pl.LazyFrame],
    seed: int,
    tell: Callable[[str], None],
    standing: Mapping[str, Companion],
) -> tuple[str, dict[str, Model]]:
    """Name of the recipe that does best on the late rows, and its parts with the rival, ready to run.

    Nothing is fitted on the late rows but calibration and constants, and nothing is written.

    Args:
        plan: how the application is built.
        recipes: of which one is chosen.
        early: examples with history, to learn from.
        late: examples with history, to choose by.
        history: the facts that companions are made of.
        seed: of every draw.
        tell: is told what happens.
        standing: parts that go into every release.
    """
    tried = {recipe.name: _train(plan, recipe, early, late, seed) for recipe in recipes}
    name = choose(plan, recipes, tried, late, seed, tell)
    parts = _parts(
        plan,
        tried[name],
        tried.get(plan.rival.name) or _train(plan, plan.rival, early, late, seed),
        {**standing, **plan.companions(early, history)},
    )
    return name, {part.name: Model(part, onnx) for part, onnx in parts}


def open_fitted(folder: Path) -> Fitted:
    """What `fit` wrote."""
    record = msgspec.json.decode((folder / "fit.json").read_bytes(), type=Record)
    tested, beside = (
        {part.name: Model(part, (folder / f"{name}-{part.name}.onnx").read_bytes()) for part in parts}
        for name, parts in (("tested", record.tested), ("beside", record.beside))
    )
    final = {part.name: (part, (folder / f"final-{part.name}.onnx").read_bytes()) for part in record.final}
    keys = [{"slice": name, "key": key} for name, members in record.slices.items() for key in members]
    slices = pl.DataFrame(keys, schema={"slice": pl.String, "key": pl.Int64})
    tables = {"slices": slices} | ({"trials": pl.read_ipc(folder / TRIALS)} if (folder / TRIALS).exists() else {})
    return Fitted(
        tested, final, tested[RIVAL], record.slices, record.notes, tables, beside, record.simplest, record.material
    )


def _known(examples: pl.LazyFrame) -> pl.LazyFrame:
    return examples.filter("has_history")


def _train(
    plan: Build,
    recipe: AnyRecipe,
    examples: pl.LazyFrame,
    held: pl.LazyFrame,
    seed: int,
    before: Trained | None = None,
    parent: bytes | None = None,
    remember: Remember = remember_nothing,
) -> Trained:
    """The recipe fitted on the examples; constants, calibration and settings are fitted on the rows held."""
    columns = ["truth", *needs(recipe, plan.features.origin)]
    lacking = [name for name in columns if name not in examples.collect_schema()]
    if lacking:
        raise TrainingError(
            f"recipe {recipe.name}: there is no feature {', '.join(lacking)}; name those of the build's feature set"
        )
    return train_recipe(
        recipe,
        examples.select(columns).collect(),
        seed,
        origin=plan.features.origin,
        constants=plan.constants,
        held=held.select(columns).collect(),
        before=before,
        loss=plan.loss,
        parent=parent,
        remember=remember,
    )


def _with_both_states(tested: Trained, final: Trained) -> Trained:
    """The final model; of an incremental recipe with the tested one's state beside its own.

    The next build's tested model must not have seen that build's test window: it goes on from the tested state.
    """
    both = (*states(tested.model), *states(final.model))
    return replace(final, model=with_states(final.model, both)) if both else final


def _parts(plan: Build, best: Trained, rival: Trained, companions: Mapping[str, Companion]) -> list[tuple[Part, bytes]]:
    """The model, its companions and the rival, each with its graph."""
    model = Part(plan.part, best.features, best.outputs, best.recipe, dict(best.constants))
    other = Part(RIVAL, rival.features, rival.outputs, rival.recipe)
    beside = [(Part(name, each.features, each.outputs, each.recipe), each.onnx) for name, each in companions.items()]
    return [(model, best.model), *beside, (other, rival.model)]


def _alone(trained: Trained) -> tuple[Part, bytes]:
    """A model as a part that is named as its recipe."""
    return Part(trained.recipe, trained.features, trained.outputs, trained.recipe), trained.model
