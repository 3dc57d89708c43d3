from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import RolloutError
from afield.rollout.assignment import assign

START = datetime(2023, 7, 1)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))
shares = st.floats(0, 1)


@given(st.text(), moments, shares)
def test_the_same_question_gets_the_same_answer_with_the_probability_of_its_arm(
    unit: str, at: datetime, share: float
) -> None:
    treated, chance = assign(unit, at, share=share, block=7200, salt="s")
    assert (treated, chance) == assign(unit, at, share=share, block=7200, salt="s")
    assert chance == (share if treated else 1 - share)
    assert chance > 0


@given(st.text(), moments, shares, shares)
def test_a_larger_share_only_adds_units(unit: str, at: datetime, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if assign(unit, at, share=small, block=7200, salt="s")[0]:
        assert assign(unit, at, share=large, block=7200, salt="s")[0]


def test_a_unit_keeps_its_arm_for_a_block_and_no_longer() -> None:
    def arm(minutes: int) -> bool:
        return assign("74", START + timedelta(minutes=minutes), share=0.5, block=7200, salt="s")[0]

    for block in range(20):
        assert len({arm(120 * block + minute) for minute in (0, 59, 119)}) == 1
    assert len({arm(120 * block) for block in range(20)}) == 2


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_units_and_blocks_are_treated_as_often_as_declared(share: float) -> None:
    arms = [
        assign(str(zone), START + timedelta(hours=2 * block), share=share, block=7200, salt="s")[0]
        for zone in range(100)
        for block in range(100)
    ]
    assert abs(sum(arms) / len(arms) - share) < 4 * (share * (1 - share) / len(arms)) ** 0.5


def test_another_salt_draws_anew() -> None:
    pairs = [
        tuple(assign(str(unit), START, share=0.5, block=7200, salt=salt)[0] for salt in ("a", "b"))
        for unit in range(1000)
    ]
    assert abs(sum(one == other for one, other in pairs) / 1000 - 0.5) < 0.07


def test_the_assignment_is_the_same_in_every_version() -> None:
    treated = [unit for unit in range(40) if assign(str(unit), START, share=0.1, block=7200, salt="canary")[0]]
    assert treated == [1, 8, 15]


@pytest.mark.parametrize(("share", "block"), [(1.5, 60), (-0.1, 60), (float("nan"), 60), (0.5, 0)])
def test_senseless_shares_and_blocks_are_refused(share: float, block: int) -> None:
    with pytest.raises(RolloutError, match="share"):
        assign("74", START, share=share, block=block, salt="s")
