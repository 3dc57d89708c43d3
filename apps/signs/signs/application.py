"""Signs as a value: what it is for, what may go wrong, and where its two halves are."""

import tomllib
from importlib.resources import files

from afield.application import Application, Goal, Hazard, Requirements
from signs.considerations import CONSIDERATIONS
from signs.words import MEASURES, WORDS

GOAL = Goal(
    "travellers find their way in a script that they cannot read, and trust what they are told",
    children=(
        Goal(
            "what is shown as sure is right",
            children=(
                Goal("confidence tells right lines from wrong ones", measure="rmse"),
                Goal("confidence is neither too high nor too low", measure="bias"),
                Goal("no wrong line is shown as sure", measure="wrong_shown"),
            ),
        ),
        Goal(
            "as much as possible is shown",
            children=(Goal("no right line is held back", measure="right_held_back"),),
        ),
    ),
)


def signs() -> Application:
    """The signs application."""
    return Application(
        name="signs",
        requirements=Requirements(
            question="Both: a phrase on a sign is looked up, and whether it was read right is a model's question.",
            goal=GOAL,
            hazards=hazards(),
            considerations=CONSIDERATIONS,
        ),
        build="signs.building:build",
        operate="signs.operating:operate",
        demonstration="signs.demonstration:demonstration",
        evaluation="signs.scoring:score",
        words=WORDS,
        felt=tuple(measure.name for measure in MEASURES),
    )


def hazards() -> tuple[Hazard, ...]:
    """The hazard register, read from `hazards.toml` beside this module."""
    rows = tomllib.loads(files("signs").joinpath("hazards.toml").read_text("utf-8"))["hazard"]
    return tuple(Hazard(**{**row, "mitigations": tuple(row["mitigations"])}) for row in rows)
