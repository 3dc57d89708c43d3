"""Searches for settings in a build: each trial remembered as a step, and all of them told and kept in the release."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from afield.store.steps import Steps
from afield.training.recipes import PlainRecipe
from afield.training.train import Trained
from afield.training.tuning import Remember, Trial


def remembering(steps: Steps, inputs: Mapping[str, str]) -> Remember:
    """Each trial is a step of its own: a search that was interrupted goes on after the last one.

    Args:
        steps: where trials are kept.
        inputs: what a trial depends on beside its recipe.
    """

    def remember(recipe: PlainRecipe, make: Callable[[], Trial]) -> Trial:
        def write(folder: Path) -> None:
            (folder / "trial.json").write_bytes(msgspec.json.encode(make()))

        folder = steps.run("trial", {**inputs, "recipe": repr(recipe)}, write)
        return msgspec.json.decode((folder / "trial.json").read_bytes(), type=Trial)

    return remember


def trials_table(searched: Sequence[Trained]) -> pl.DataFrame:
    """One row a trial: `recipe`, `number`, `settings` (JSON), `loss` and `seconds`."""
    rows = [
        (each.recipe, number, msgspec.json.encode(trial.settings).decode(), trial.loss, trial.seconds)
        for each in searched
        for number, trial in enumerate(each.trials)
    ]
    schema = {"recipe": pl.String, "number": pl.Int64, "settings": pl.String, "loss": pl.Float64, "seconds": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def told(trained: Trained) -> str:
    """Budget, what was spent of it, the best loss and how far trials spread, in a sentence."""
    report = trained.report
    seconds = f" and {report['seconds_allowed']:g} s" if report["seconds_allowed"] else ""
    return (
        f"{trained.recipe}: {report['trials']:g} trials in {report['trial_seconds']:.1f} s of a budget of "
        f"{report['trials_allowed']:g} trials{seconds}; loss {report['loss_best']:.4f} at best, "
        f"{report['loss_median']:.4f} in the middle, {report['loss_worst']:.4f} at worst, "
        f"{report['loss_as_it_stood']:.4f} as it stood"
    )


def replaying(trials: pl.DataFrame) -> Remember:
    """Trials as a release recorded them: how many fitted into the seconds depended on the machine of that day.

    Args:
        trials: the release's table of trials; a trial that is not in it is made.
    """
    recorded = [(str(row[0]), msgspec.json.decode(row[2]), row[3], row[4]) for row in trials.iter_rows()]

    def remember(recipe: PlainRecipe, make: Callable[[], Trial]) -> Trial:
        for name, settings, loss, seconds in recorded:
            if name == recipe.name and all(getattr(recipe, each) == value for each, value in settings.items()):
                return Trial(settings, loss, seconds)
        return make()

    return remember
