"""Options side by side: fitted on the same rows, judged on the same rows, with what each costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from afield.errors import UsageError
from afield.evaluation.robustness import METRICS, Stress, degradation, noisy
from afield.evaluation.sidebyside import SideBySide, answered
from afield.evaluation.tradeoffs import Point, median, needed
from afield.records.examination import Degradation
from afield.serving.inference import Infer, Parts
from afield.study.answering import BATCH, CALLS, Floats, Ready, answers, latencies
from afield.study.compared import Compared, Option
from afield.study.contenders import Contender, explainable, incremental
from afield.study.field import Field, Terms, side_by_side, test_rows
from afield.study.learning import Lesson, curve, open_curve, opened
from afield.study.recommending import AXES, otherwise, recommendation, with_front

HARD_ROWS = 20_000
GONE = 0.1


def fitted(field: Field, contender: Contender, terms: Terms) -> Ready:
    """The contender ready to answer: a recipe fitted on ever less data, or a column.

    Raises:
        TrainingError: the rows cannot teach the recipe.
    """
    recipe = contender.recipe
    if recipe is None:
        column = contender.column
        return Ready(contender, (column,), lambda rows: np.array(rows[column], np.float64))
    if field.training is None or field.held is None:
        raise UsageError("there is no stretch of data to learn from; compare releases, or give more data")
    lesson = Lesson(
        field.examples,
        field.plan.features.origin,
        field.training,
        field.held,
        terms.rows,
        field.provenance.seed,
        terms.shares,
    )

    def make(folder: Path) -> None:
        field.tell(f"fitting {contender.name} on ever less data")
        curve(folder, recipe, lesson)

    inputs = {"lesson": repr(lesson), "recipe": repr(recipe), "code": field.provenance.code}
    folder = field.steps.run("curve", inputs, make)
    learnt = open_curve(folder)
    whole = learnt[0]
    if whole.problem:
        return Ready(contender, (), _mute, learnt=learnt)
    models = {each.rows: opened(folder, each, contender.name).predict for each in learnt if not each.problem}
    return Ready(contender, whole.features, models[whole.rows], whole.size, learnt, models)


def released(contender: Contender, parts: Parts, infer: Infer, part: str, size: int) -> Ready:
    """A release ready to answer, as it is served."""
    names = dict.fromkeys(name for each in parts.values() for name in each.features)
    return Ready(contender, tuple(names), lambda rows: np.asarray(infer(rows, parts)[part], np.float64), size)


def compare(field: Field, ready: Sequence[Ready], terms: Terms, warnings: Sequence[str] = ()) -> Compared:
    """Everything about the options, on the same test rows.

    Raises:
        DataError: the test window holds no rows, or too few to tell merit from chance.
        UsageError: there is no such slice.
    """
    able = [each for each in ready if each.features]
    rows = test_rows(field, able, terms.slice)
    given = {each.contender.name: answers(each.ask, each.features, rows) for each in able}
    kept = answered(rows["truth"].to_numpy(), given)
    rows = rows.filter(pl.Series(kept))
    judged = side_by_side(field, rows, {name: values[kept] for name, values in given.items()})
    field.tell(f"timing {len(able)} options")
    times = latencies(able, rows)
    metrics = tuple(name for name in field.plan.metrics if name in METRICS)
    hard = rows.sample(min(HARD_ROWS, rows.height), seed=field.provenance.seed).sort(field.plan.features.origin)
    options = []
    for each in ready:
        name = each.contender.name
        if not each.features:
            options.append(_failed(each))
            continue
        reference = terms.reference if terms.reference in given else next(iter(given))
        points = _points(field, each, rows, judged, metrics[0])
        options.append(
            Option(
                name=name,
                kind=each.contender.kind,
                says=each.contender.says,
                accuracy={metric: judged.estimate(name, metric) for metric in metrics},
                against={}
                if name == reference
                else {metric: judged.paired(name, reference, metric) for metric in metrics},
                curve=points,
                needed=needed(points, terms.within) if points else None,
                single=times[name][0],
                batch=times[name][1],
                training=median(each.learnt[0].seconds) if each.learnt else None,
                memory=each.learnt[0].memory if each.learnt else None,
                size=each.size,
                incremental=each.contender.recipe is not None and incremental(each.contender.recipe),
                explainable=explainable(each.contender),
                robust=_robust(field, each, hard, metrics[0]),
                notes=each.learnt[0].notes if each.learnt else (),
            )
        )
    found = with_front(options, judged, metrics[0])
    span, names = field.training, [terms.called(metric) for metric in metrics]
    return Compared(
        application=field.application,
        settings=dict(field.settings),
        data=field.data,
        generated=field.generated,
        metric=metrics[0],
        metrics=metrics,
        reference=terms.reference,
        axes=AXES,
        training=(span.start, span.end) if span else None,
        training_rows=max((each.learnt[0].rows for each in ready if each.learnt), default=0),
        test=(field.test.start, field.test.end),
        test_rows=rows.height,
        unanswered_rows=int((~kept).sum()),
        blocks=judged.number_of_blocks,
        slice=terms.slice,
        batch=min(BATCH, rows.height),
        calls=CALLS,
        hard_rows=hard.height,
        within=terms.within,
        options=found,
        recommendation=recommendation(found, judged, metrics[0], names[0]),
        warnings=(*warnings, *otherwise(found, judged, metrics, names)),
        provenance=field.provenance,
    )


def _points(field: Field, ready: Ready, rows: pl.DataFrame, judged: SideBySide, metric: str) -> tuple[Point, ...]:
    """The learning curve, each point against the fit on all rows."""
    points = []
    for learnt in ready.learnt:
        ask = (ready.earlier or {}).get(learnt.rows)
        if ask is None:
            points.append(Point(learnt.share, learnt.rows, None, problem=learnt.problem))
            continue
        given = {"less": answers(ask, ready.features, rows), "all": judged.forecasts[ready.contender.name]}
        if not np.isfinite(given["less"]).all():
            points.append(Point(learnt.share, learnt.rows, None, problem="it has no answer to some of the test rows"))
            continue
        both = side_by_side(field, rows, given)
        ratio = both.paired("less", "all", metric).ratio
        points.append(Point(learnt.share, learnt.rows, both.estimate("less", metric).value, ratio, learnt.seconds[0]))
    return tuple(points)


def _robust(field: Field, ready: Ready, rows: pl.DataFrame, metric: str) -> tuple[Degradation, ...]:
    """What noise and gaps in everything that it reads cost."""
    origin, seed = field.plan.features.origin, field.provenance.seed
    frame = rows.rename({origin: "tick"}) if origin != "tick" else rows
    stresses = (noisy("inputs", ready.features, seed=seed), _gaps(ready.features, seed))
    return tuple(
        degradation(
            stress,
            frame,
            frame,
            lambda changed: answers(ready.ask, ready.features, changed),
            metric,
            field.plan.block,
            seed,
        )
        for stress in stresses
    )


def _gaps(columns: Sequence[str], seed: int) -> Stress:
    """A tenth of all values of these columns is not known, here and there."""

    def holed(rows: pl.DataFrame) -> pl.DataFrame:
        random = np.random.default_rng(seed)
        gone = {name: pl.Series(random.random(rows.height) < GONE) for name in columns}
        return rows.with_columns(
            pl.when(hole).then(None).otherwise(pl.col(name)).alias(name) for name, hole in gone.items()
        )

    return Stress(name="inputs missing", says="a tenth of all inputs is not known, here and there", change=holed)


def _failed(ready: Ready) -> Option:
    contender, whole = ready.contender, ready.learnt[0]
    return Option(
        name=contender.name,
        kind=contender.kind,
        says=contender.says,
        explainable=explainable(contender),
        problem=whole.problem,
    )


def _mute(_: Mapping[str, Floats]) -> Floats:
    return np.empty(0)
