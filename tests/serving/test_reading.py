import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.serving.reading import reader


class Body(msgspec.Struct, forbid_unknown_fields=True):
    zone: int
    share: float = 0.0
    others: tuple[int, ...] = ()


@given(zone=st.integers(-(2**53), 2**53), share=st.floats(allow_nan=False, allow_infinity=False))
def test_a_whole_number_may_be_written_with_a_point(zone: int, share: float) -> None:
    body = b'{"zone": %b, "share": %b, "others": [1.0, 2]}' % (repr(float(zone)).encode(), repr(share).encode())
    assert reader(Body)(body) == Body(zone, share, (1, 2))


@pytest.mark.parametrize(
    "body", [b'{"zone": 74.5}', b'{"zone": 74.0, "more": 1}', b'{"zone": "74"}', b'{"zone": true}']
)
def test_everything_else_is_read_strictly(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        reader(Body)(body)


def test_the_error_is_that_of_what_was_written() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Expected `int`, got `float` - at `\$.zone`"):
        reader(Body)(b'{"zone": 74.5}')
