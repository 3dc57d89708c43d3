import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import ReleaseError
from afield.release.canonical import canonical, is_canonical

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: "\\ud" not in json.dumps(value))


@given(values)
def test_canonical_json_reads_back_equal_and_is_canonical(value):
    raw = canonical(value)
    assert json.loads(raw) == value
    assert is_canonical(raw)


@given(st.dictionaries(st.text("abcé"), st.integers(), max_size=6))
def test_the_order_in_which_keys_were_put_in_makes_no_difference(value):
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_text_stands_in_utf8_without_white_space():
    assert canonical({"b": [1, 2.5], "a": "Zürich ×"}) == '{"a":"Zürich ×","b":[1,2.5]}'.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": [-math.inf]}, "\ud800", object()])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(ReleaseError, match="canonical JSON"):
        canonical(value)


@pytest.mark.parametrize(
    "raw",
    [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b'"\\u00e9"', b"1.50", b"NaN", b"[" * 100_000, b"\xff"],
)
def test_json_in_another_form_is_not_canonical(raw):
    assert not is_canonical(raw)


def test_a_struct_is_written_with_all_its_fields():
    class Point(msgspec.Struct):
        y: float
        x: int = 0

    assert canonical(Point(1.0)) == b'{"x":0,"y":1.0}'
