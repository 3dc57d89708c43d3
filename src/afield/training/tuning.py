"""Tuning: a recipe's settings searched for within a stated budget, judged on rows held back from training."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TypeAlias

import msgspec
import numpy as np
import optuna

from afield.errors import TrainingError
from afield.training.recipes import Among, PlainRecipe, Tuned

STARTUP = 8
"""Trials at random before the sampler learns from them."""

Setting: TypeAlias = str | float | int | bool
Judge = Callable[[PlainRecipe], tuple[float, float]]
"""A recipe → its mean loss on the rows held back, and the seconds that it took to train."""


class Trial(msgspec.Struct, frozen=True):
    """One setting that was tried.

    Attributes:
        settings: name → value.
        loss: on the rows held back.
        seconds: that training took.
    """

    settings: dict[str, Setting]
    loss: float
    seconds: float


Remember = Callable[[PlainRecipe, Callable[[], Trial]], Trial]
"""Makes a trial of a recipe, or knows it from before."""


def remember_nothing(_: PlainRecipe, make: Callable[[], Trial]) -> Trial:
    """The trial, made."""
    return make()


def tune(
    tuned: Tuned, judge: Judge, seed: int, remember: Remember = remember_nothing
) -> tuple[PlainRecipe, tuple[Trial, ...]]:
    """The best recipe within the budget, and all trials in order; the first trial is the recipe as it stands.

    The sampler is begun anew before each trial with a seed of its own, so that a search that was interrupted draws the
    same settings again and goes on where `remember` knows no answer.

    Source: Bergstra, Bardenet, Bengio and Kégl, "Algorithms for hyper-parameter optimization", NIPS (2011), as Optuna's
    tree-structured Parzen estimator.

    Args:
        tuned: the recipe, the space and the budget.
        judge: tries a recipe.
        seed: of the sampler.
        remember: knows trials that were made before.

    Raises:
        TrainingError: the budget is zero, the space does not fit the recipe, or no trial gave a finite loss.
    """
    _check(tuned)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {name: _distribution(among) for name, among in tuned.space}
    study = optuna.create_study(direction="minimize")
    trials: list[Trial] = []
    while len(trials) < tuned.trials and not _spent(tuned, trials):
        settings = _drawn(study, space, seed + len(trials)) if trials else _standing(tuned)
        recipe = _with(tuned.recipe, settings)

        def make(recipe: PlainRecipe = recipe, settings: Mapping[str, Setting] = settings) -> Trial:
            loss, seconds = judge(recipe)
            return Trial(dict(settings), loss, seconds)

        trial = remember(recipe, make)
        trials.append(trial)
        if np.isfinite(trial.loss) and len(trials) > 1:  # the recipe as it stands may lie outside the space
            study.add_trial(optuna.create_trial(params=settings, distributions=space, value=trial.loss))
    best = min(trials, key=lambda each: each.loss if np.isfinite(each.loss) else np.inf)
    if not np.isfinite(best.loss):
        raise TrainingError(f"recipe {tuned.name}: none of {len(trials)} trials gave a finite loss; narrow its space")
    return _with(tuned.recipe, best.settings), tuple(trials)


def summary(tuned: Tuned, trials: tuple[Trial, ...]) -> dict[str, float | str]:
    """Budget, what was spent of it, the best loss and how far the trials spread, for a report."""
    losses = np.array([each.loss for each in trials if np.isfinite(each.loss)])
    return {
        "trials_allowed": float(tuned.trials),
        "seconds_allowed": tuned.seconds,
        "trials": float(len(trials)),
        "trial_seconds": sum(each.seconds for each in trials),
        "loss_as_it_stood": trials[0].loss,
        "loss_best": float(losses.min()),
        "loss_median": float(np.median(losses)),
        "loss_worst": float(losses.max()),
    }


def _spent(tuned: Tuned, trials: list[Trial]) -> bool:
    return bool(tuned.seconds and trials) and sum(each.seconds for each in trials) >= tuned.seconds


def _drawn(
    study: optuna.Study, space: Mapping[str, optuna.distributions.BaseDistribution], seed: int
) -> dict[str, Setting]:
    study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP)
    asked = study.ask(dict(space))
    found: dict[str, Setting] = dict(asked.params)
    study.tell(asked, state=optuna.trial.TrialState.FAIL)  # what came of it is added as a trial of its own
    return found


def _standing(tuned: Tuned) -> dict[str, Setting]:
    """The settings of the space as the recipe has them."""
    return {name: getattr(tuned.recipe, name) for name, _ in tuned.space}


def _with(recipe: PlainRecipe, settings: Mapping[str, Setting]) -> PlainRecipe:
    changed: PlainRecipe = replace(recipe, **settings)  # type: ignore[arg-type]  # the names were checked
    return changed


def _distribution(among: Among) -> optuna.distributions.BaseDistribution:
    if among.options:
        return optuna.distributions.CategoricalDistribution(among.options)
    if among.whole:
        return optuna.distributions.IntDistribution(int(among.low), int(among.high), log=among.log)
    return optuna.distributions.FloatDistribution(among.low, among.high, log=among.log)


def _check(tuned: Tuned) -> None:
    """Refuse a search that cannot be made.

    Raises:
        TrainingError: there is no budget, no space, or a setting that the recipe does not have.
    """
    name = tuned.name
    if tuned.trials < 1 or tuned.seconds < 0:
        raise TrainingError(
            f"recipe {name}: a budget of {tuned.trials} trials and {tuned.seconds:g} seconds tries nothing; give it a "
            "trial at least, or leave Tuned out"
        )
    known = {each.name for each in fields(tuned.recipe)} - {"name", "columns", "classes", "weight", "group"}
    unknown = [setting for setting, _ in tuned.space if setting not in known]
    if unknown or not tuned.space:
        raise TrainingError(
            f"recipe {name}: {', '.join(unknown) or 'nothing'} cannot be tuned; there is: {', '.join(sorted(known))}"
        )
    for setting, among in tuned.space:
        if not among.options and not (among.low < among.high and (among.low > 0 or not among.log)):
            raise TrainingError(
                f"recipe {name}: {setting} among {among.low:g} to {among.high:g} is no range; give low < high, above 0 "
                "for a logarithm"
            )
