"""What a build gives, step by step, as records."""

from dataclasses import dataclass

import msgspec

from afield.evaluation.evaluate import Evaluation
from afield.evaluation.gates import decide
from afield.records.evidence import Verdict
from afield.records.examination import Examination
from afield.records.facts import Window
from afield.records.release import Manifest
from afield.serving.inference import Parts
from afield.workshop.facts import Facts


class Windows(msgspec.Struct, frozen=True):
    """Stretches of domain time: fitted on, chosen on, tested on, and the whole."""

    training: Window
    validation: Window
    test: Window
    whole: Window


class Scored(msgspec.Struct, frozen=True):
    """The evaluation on the test window, the verdicts of the gates, and the file of reference rows for monitors.

    `examination`: behaviour, robustness and fairness, as far as the application declares them. `usual`: the file of
    usual rows for explanations; "" where no groups of features are declared.
    """

    evaluation: Evaluation
    verdicts: tuple[Verdict, ...]
    reference: str = ""
    examination: Examination = Examination()
    usual: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build gives.

    Attributes:
        release: digest of the signed bundle.
        evaluation: on the test window, of the same recipe fitted without that window.
        verdicts: what the gates say.
        facts: what was read.
        windows: the stretches used.
        notes: what the learners had to say.
        material: what the model was trained on and why, or "" where there was no choice.
    """

    release: str
    evaluation: Evaluation
    verdicts: tuple[Verdict, ...]
    facts: Facts
    windows: Windows
    notes: tuple[str, ...]
    material: str = ""

    @property
    def passed(self) -> bool:
        """Whether every gate passed."""
        return decide(self.verdicts)

    @property
    def failed(self) -> str:
        """The gates that it did not pass, each with its reason; "" where there are none."""
        return "; ".join(f"{each.gate}: {each.reason}" for each in self.verdicts if not each.passed)


@dataclass(frozen=True, slots=True)
class Champion:
    """The release that a candidate is held against."""

    digest: str
    parts: Parts
    manifest: Manifest
