"""What a report must hold."""

import copy
from typing import Any

import msgspec
import numpy as np
import pytest

from afield.errors import DataError
from afield.reporting.content import encoded, read

REQUIRED = [
    "application", "command", "version", "data", "build", "replay", "alerts", "updates", "accuracy",
    "telemetry", "timeline", "loss", "seconds", "next",
]  # fmt: skip


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named(sample: dict[str, Any], key: str) -> None:
    del sample[key]
    with pytest.raises(DataError, match=f"required field `{key}`"):
        read(sample)


def test_a_missing_key_within_is_named_with_its_place(sample: dict[str, Any]) -> None:
    del sample["felt"]["count"]
    with pytest.raises(DataError, match=r"`count` - at `\$\.felt`"):
        read(sample)


def test_the_comparison_that_the_verdict_rests_on_is_demanded(sample: dict[str, Any]) -> None:
    del sample["accuracy"]["differences"]["kept - never_updated"]
    with pytest.raises(DataError, match="kept - never_updated"):
        read(sample)


def test_an_unknown_decision_is_refused(sample: dict[str, Any]) -> None:
    sample["updates"][0]["decision"] = "perhaps"
    with pytest.raises(DataError, match=r"updates\[.*decision"):
        read(sample)


def test_a_time_with_an_offset_is_refused(sample: dict[str, Any]) -> None:
    sample["replay"]["from"] = "2024-03-01T00:00:00+01:00"
    with pytest.raises(DataError, match=r"replay\.from"):
        read(sample)


def test_what_has_no_form_in_json_is_refused(sample: dict[str, Any]) -> None:
    sample["data"]["messages"] = [object()]
    with pytest.raises(DataError, match="no form in JSON"):
        read(sample)


def test_numbers_of_numpy_are_taken_and_those_not_finite_become_null(sample: dict[str, Any]) -> None:
    sample["accuracy"]["kept"] |= {"rmse": np.float64(2.5), "mae": float("nan")}
    sample["replay"]["ticks"] = np.int64(744)
    content = read(sample)
    assert content.accuracy.kept["rmse"] == 2.5
    assert content.accuracy.kept["mae"] is None
    assert content.replay.ticks == 744


def test_keys_beyond_the_shape_stay_in_the_file(sample: dict[str, Any]) -> None:
    sample["extra"] = {"kept": 1}
    before = copy.deepcopy(sample)
    assert msgspec.json.decode(encoded(sample)) == before


def test_the_telemetry_identity_is_reckoned(sample: dict[str, Any]) -> None:
    assert read(sample).telemetry.missing == 0
    sample["telemetry"]["offered"] += 3
    assert read(sample).telemetry.missing == 3
