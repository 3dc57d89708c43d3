"""Learning curves: a recipe fitted on ever less data, in a process of its own, so that its memory can be told."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import msgspec
import polars as pl

from afield.errors import AfieldError, TrainingError
from afield.records.facts import Window
from afield.records.release import Part
from afield.serving.model import Model
from afield.training.models import needs, train_recipe
from afield.training.recipes import AnyRecipe
from afield.workshop.examples import open_examples

SHARES = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
REPEATS = 3
PATIENCE = 20.0
"""Seconds that repeated fits on all rows may take together."""


class Learnt(msgspec.Struct, frozen=True):
    """A recipe fitted on a share of the training rows.

    Attributes:
        share: of the training rows, the newest ones.
        rows: that many.
        seconds: of each fit; more than one where it was repeated.
        memory: bytes by which the process grew at its peak, beyond the rows themselves.
        features, outputs: of the graph; none where nothing could be fitted.
        file: name of the graph's file.
        size: of the graph, bytes.
        notes: what the learner had to say.
        problem: why nothing could be fitted, or "".
    """

    share: float
    rows: int
    seconds: tuple[float, ...] = ()
    memory: float | None = None
    features: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    file: str = ""
    size: int = 0
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a recipe is fitted on.

    Attributes:
        examples: folder of examples.
        origin: column of the moment of each row.
        training: rows of this stretch are learned from.
        held: calibration is fitted on rows of this one.
        rows: most rows to learn from, the newest ones.
        seed: of every draw.
        shares: of those rows, the largest first: memory is told of a process that has fitted nothing yet.
        repeats: fits on all rows, as far as patience reaches.
    """

    examples: Path
    origin: str
    training: Window
    held: Window
    rows: int
    seed: int
    shares: Sequence[float] = SHARES
    repeats: int = REPEATS


def curve(folder: Path, recipe: AnyRecipe, lesson: Lesson) -> tuple[Learnt, ...]:
    """The recipe fitted on each share of the rows, the graphs left in `folder`; kept as `curve.json` there.

    Raises:
        TrainingError: the process that fits ended before it was done, say for want of memory.
    """
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found = pool.submit(fit_shares, folder, recipe, lesson).result()
    except BrokenProcessPool as error:
        raise TrainingError(
            f"recipe {recipe.name}: the process that fitted it was ended from outside, perhaps for want of memory; "
            "give fewer rows with --rows"
        ) from error
    (folder / "curve.json").write_bytes(msgspec.json.encode(found))
    return found


def open_curve(folder: Path) -> tuple[Learnt, ...]:
    """What `curve` left."""
    return msgspec.json.decode((folder / "curve.json").read_bytes(), type=tuple[Learnt, ...])


def opened(folder: Path, learnt: Learnt, name: str) -> Model:
    """The fitted model, ready to run as it would be served.

    Raises:
        ReleaseError: it is no ONNX graph of these features and outputs.
    """
    part = Part(name, learnt.features, learnt.outputs, name)
    return Model(part, (folder / learnt.file).read_bytes())


def fit_shares(folder: Path, recipe: AnyRecipe, lesson: Lesson) -> tuple[Learnt, ...]:
    """The body of the process: each share in turn."""
    wanted = list(dict.fromkeys((*needs(recipe, lesson.origin), "truth")))
    training = labelled(lesson.examples, lesson.origin, lesson.training).select(wanted).tail(lesson.rows).collect()
    held = labelled(lesson.examples, lesson.origin, lesson.held).select(wanted).collect()
    return tuple(_fit(folder, recipe, training, held, lesson, share) for share in lesson.shares)


def labelled(examples: Path, origin: str, window: Window) -> pl.LazyFrame:
    """The rows of a window with a history and a truth, in order of time."""
    return open_examples(examples, origin, window).filter(pl.col("has_history"), pl.col("truth").is_not_null())


def _fit(
    folder: Path, recipe: AnyRecipe, training: pl.DataFrame, held: pl.DataFrame, lesson: Lesson, share: float
) -> Learnt:
    count = max(1, round(share * training.height))
    rows = training.tail(count)
    reports: list[Mapping[str, float | str]] = []
    try:
        trained = train_recipe(recipe, rows, lesson.seed, origin=lesson.origin, held=held)
        reports.append(trained.report)
        while share == 1.0 and _again(reports, lesson.repeats):
            reports.append(train_recipe(recipe, rows, lesson.seed, origin=lesson.origin, held=held).report)
    except AfieldError as error:
        return Learnt(share, count, problem=str(error))
    file = f"{count}.onnx"
    (folder / file).write_bytes(trained.model)
    return Learnt(
        share,
        count,
        tuple(float(report["seconds"]) for report in reports),
        float(reports[0]["memory"]),
        trained.features,
        trained.outputs,
        file,
        len(trained.model),
        trained.messages,
    )


def _again(reports: Sequence[Mapping[str, float | str]], repeats: int) -> bool:
    spent = [float(report["seconds"]) for report in reports]
    return len(spent) < repeats and sum(spent) + spent[0] <= PATIENCE
