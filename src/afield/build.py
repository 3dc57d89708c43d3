"""The build loop, in order: from a source to a signed release with the verdict of its gates."""

from datetime import datetime
from pathlib import Path

from afield.data.split import enough
from afield.workshop.bench import Bench
from afield.workshop.plan import Build
from afield.workshop.results import Built


def build(plan: Build, bench: Bench, data: Path | None, until: datetime | None = None) -> Built:
    """One turn of the build loop: read, make examples, fit, score, judge, sign.

    Raises:
        AfieldError: a stage failed; nothing half-made is left, and the finished steps are not done again.
    """
    facts = bench.read(plan, data)
    windows = bench.windows(plan, facts, until)
    enough(windows.training, plan.features.lookback)
    examples = bench.examples(plan, facts, windows)
    fitted = bench.fit(plan, facts, examples, windows)
    scored = bench.score(plan, facts, fitted, examples, windows)
    return bench.release(plan, facts, windows, fitted, scored)
