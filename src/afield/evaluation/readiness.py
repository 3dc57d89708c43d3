"""The ML Test Score: 28 tests in four sections, half a point or a whole one each; the least section is the score.

Source: Breck, Cai, Nielsen, Salib, Sculley, "The ML Test Score: A Rubric for ML Production Readiness and Technical Debt
Reduction", IEEE Big Data (2017). Half a point: done by hand, the results written down. A whole one: done by a system,
again and again.
"""

from collections.abc import Sequence

import msgspec

from afield.errors import EvaluationError

SECTIONS = ("data", "model", "infrastructure", "monitoring")
TESTS: dict[str, tuple[str, ...]] = {
    "data": (
        "feature expectations are captured in a schema",
        "all features are beneficial",
        "no feature's cost is too much",
        "features adhere to meta-level requirements",
        "the data pipeline has appropriate privacy controls",
        "new features can be added quickly",
        "all input feature code is tested",
    ),
    "model": (
        "model specs are reviewed and submitted",
        "offline and online metrics correlate",
        "all hyperparameters have been tuned",
        "the impact of model staleness is known",
        "a simpler model is not better",
        "model quality is sufficient on important data slices",
        "the model is tested for considerations of inclusion",
    ),
    "infrastructure": (
        "training is reproducible",
        "model specs are unit tested",
        "the ML pipeline is integration tested",
        "model quality is validated before serving",
        "the model is debuggable",
        "models are canaried before serving",
        "serving models can be rolled back",
    ),
    "monitoring": (
        "dependency changes result in notification",
        "data invariants hold for inputs",
        "training and serving are not skewed",
        "models are not too stale",
        "models are numerically stable",
        "computing performance has not regressed",
        "prediction quality has not regressed",
    ),
}
READ = (
    (0.0, "more of a research project than a productionised system"),
    (1.0, "not totally untested, but serious holes in reliability are possible"),
    (2.0, "a first pass at basic productionisation; more may be needed"),
    (3.0, "reasonably tested; more of those tests and procedures may be automated"),
    (5.0, "strong levels of automated testing and monitoring"),
)
"""Up to which score the paper says what; above the last: exceptional."""


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """What one test earned.

    Attributes:
        section: data, model, infrastructure or monitoring.
        number: of the test in its section, from 1.
        test: what it asks, in the words of the paper.
        points: 0, a half, or 1.
        evidence: what earns the points: a file, an entry of a ledger, a part of a release.
        missing: what a whole point would take; "" where it is earned.
        next: the command or edit that earns the next half; "" where there is nothing to earn.
    """

    section: str
    number: int
    test: str
    points: float
    evidence: tuple[str, ...] = ()
    missing: str = ""
    next: str = ""


def earned(
    section: str,
    number: int,
    *,
    half: Sequence[str] = (),
    whole: Sequence[str] = (),
    missing: str,
    command: str,
) -> Earned:
    """What a test earned: a whole point with evidence of it, half a one with the lesser evidence, else none.

    Args:
        section: of the rubric.
        number: of the test, from 1.
        half: evidence of something done by hand, or declared and not yet seen at work here.
        whole: evidence of a system at work.
        missing: what a whole point would take.
        command: what earns the next half.

    Raises:
        EvaluationError: there is no such test.
    """
    if section not in TESTS or not 1 <= number <= len(TESTS[section]):
        raise EvaluationError(f"the rubric has no test {number} in the section {section!r}")
    test = TESTS[section][number - 1]
    if whole:
        told = tuple(dict.fromkeys((*whole, *half)))
        return Earned(section=section, number=number, test=test, points=1.0, evidence=told)
    points = 0.5 if half else 0.0
    return Earned(
        section=section, number=number, test=test, points=points, evidence=tuple(half), missing=missing, next=command
    )


def sections(found: Sequence[Earned]) -> dict[str, float]:
    """The points of each section.

    Raises:
        EvaluationError: a test is missing or there twice, or has points without evidence.
    """
    expected = [(section, number) for section in SECTIONS for number in range(1, len(TESTS[section]) + 1)]
    if sorted((each.section, each.number) for each in found) != sorted(expected):
        raise EvaluationError(f"the ML Test Score has {len(expected)} tests, each once; {len(found)} were given")
    if bare := [f"{each.section} {each.number}" for each in found if each.points and not each.evidence]:
        raise EvaluationError(f"points without evidence: {', '.join(bare)}; name what earns them")
    return {section: sum(each.points for each in found if each.section == section) for section in SECTIONS}


def score(found: Sequence[Earned]) -> float:
    """The ML Test Score: the minimum of the sections.

    Raises:
        EvaluationError: as `sections`.
    """
    return min(sections(found).values())


def read(points: float) -> str:
    """What the paper says of a score."""
    exceptional = "exceptional levels of automated testing and monitoring"
    return next((said for most, said in READ if points <= most), exceptional)
