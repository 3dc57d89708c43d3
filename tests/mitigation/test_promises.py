from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import RequestError
from afield.mitigation.promises import Promise, Promises

NOON = datetime(2026, 3, 2, 12)
LASTS = timedelta(minutes=10)
PROMISES = Promises(Promise("price", LASTS), b"k" * 32)


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20), st.text(max_size=20))
def test_a_receipt_holds_to_exactly_what_was_said_until_it_runs_out(value: float, unit: str, person: str) -> None:
    receipt = PROMISES.receipt(value, unit, person, NOON)
    assert PROMISES.held(receipt, unit, person, NOON + LASTS) == value
    assert PROMISES.held(receipt, unit, person, NOON + LASTS + timedelta(microseconds=1)) is None


@given(st.text(max_size=300))
def test_what_was_not_given_here_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="quote was not given here"):
        PROMISES.held(text, "east", "", NOON)


@pytest.mark.parametrize(("unit", "person"), [("west", "ada"), ("east", "bob"), ("east", ""), ("easta", "da")])
def test_a_receipt_is_for_its_own_unit_and_person(unit: str, person: str) -> None:
    receipt = PROMISES.receipt(1.8, "east", "ada", NOON)
    with pytest.raises(RequestError):
        PROMISES.held(receipt, unit, person, NOON)


def test_an_altered_receipt_and_one_of_another_key_are_refused() -> None:
    receipt = PROMISES.receipt(1.8, "east", "", NOON)
    other = Promises(Promise("price", LASTS), b"o" * 32).receipt(1.8, "east", "", NOON)
    for wrong in (receipt.replace("1.8", "1.0"), receipt.replace("12:10", "12:50"), other):
        with pytest.raises(RequestError):
            PROMISES.held(wrong, "east", "", NOON)
    assert Promises(Promise("price", LASTS), b"k" * 32).held(receipt, "east", "", NOON) == 1.8
