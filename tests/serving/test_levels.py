import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import ReleaseError
from afield.records.table import Column
from afield.serving.levels import coded, numbers


def test_numbers_are_kept_to_three_digits_and_unknown_ones_stay_unknown() -> None:
    column = coded(np.array([1234.5, np.nan, -0.0]))
    assert column.levels == (0.0, 1230.0)
    assert np.frombuffer(column.codes, "<u2").tolist() == [1, 2, 0]


@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), max_size=50))
def test_numbers_come_back_to_three_digits(values: list[float]) -> None:
    found = numbers(coded(np.array(values, np.float64)))
    assert found.tolist() == pytest.approx(values, rel=5e-3, nan_ok=True)


@pytest.mark.parametrize("codes", [b"\x00", b"\x02\x00", b"\xff\xff"])
def test_places_that_have_no_number_are_refused(codes: bytes) -> None:
    with pytest.raises(ReleaseError, match="do not fit 1 levels"):
        numbers(Column((1.0,), codes))
