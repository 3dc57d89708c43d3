"""What a build gives."""

from dataclasses import fields

from afield.records.evidence import Verdict
from afield.workshop.results import Built


def test_the_gates_that_failed_are_named_with_their_reasons() -> None:
    empty = dict.fromkeys(each.name for each in fields(Built))
    verdicts = (Verdict("bias", True, "fine"), Verdict("rmse", False, "ratio 1.2"), Verdict("mae", False, "too high"))
    built = Built(**{**empty, "verdicts": verdicts})  # type: ignore[arg-type]
    assert not built.passed
    assert built.failed == "rmse: ratio 1.2; mae: too high"
