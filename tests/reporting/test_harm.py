"""A gain that hides a harm is told together with it."""

import msgspec
import pytest

from afield.reporting.content import Felt
from afield.reporting.finding import _worse
from surge.words import PRICED

ARMS = {"counted": "riders", "count": 10, "measures": PRICED}


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({"wrongly_surged": 5, "missed_surges": 10}, "3 more riders were wrongly surged"),
        ({"wrongly_surged": 2, "missed_surges": 30}, "10 more riders met a surge that was missed"),
    ],
)
def test_what_grew_is_named(kept: dict[str, float], told: str) -> None:
    felt = msgspec.convert({**ARMS, "never_updated": {"wrongly_surged": 2, "missed_surges": 20}, "kept": kept}, Felt)
    assert told in _worse(felt)


def test_nothing_is_said_where_nothing_grew() -> None:
    same = {"wrongly_surged": 2, "missed_surges": 20}
    assert not _worse(msgspec.convert({**ARMS, "never_updated": same, "kept": same}, Felt))
    assert not _worse(None)
