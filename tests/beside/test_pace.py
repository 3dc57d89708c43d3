"""The pace of senders: nobody sends more than the limit in any stretch of time, and who rests may send again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.beside import pace
from afield.beside.endpoint import LARGEST
from afield.beside.pace import BURST, LEAST, RATE, Pace

Sent = list[tuple[float, int]]
SENT = st.lists(st.tuples(st.floats(0, 5), st.integers(0, LARGEST)), max_size=60)


@given(SENT)
def test_in_any_stretch_of_time_no_more_is_let_in_than_the_burst_and_the_rate_allow(
    sent: Sent,
) -> None:
    now, let_in = 0.0, []
    paced = Pace(lambda: now)
    for pause, size in sent:
        now += pause
        if not paced.wait("a", size):
            let_in.append((now, max(size, LEAST)))
    for first, (start, _) in enumerate(let_in):
        taken = 0
        for moment, size in let_in[first:]:
            taken += size
            assert taken <= BURST + RATE * (moment - start) + 1


@given(st.lists(st.integers(0, LARGEST), max_size=40))
def test_who_waits_as_long_as_told_is_let_in(sizes: list[int]) -> None:
    now = 0.0
    paced = Pace(lambda: now)
    for size in sizes:
        told = paced.wait("a", size)
        now += told + 1e-9
        assert not told or paced.wait("a", size) == 0


def test_a_flood_of_one_sender_leaves_room_for_another() -> None:
    paced = Pace(lambda: 0.0)
    waits = [paced.wait("loud", LARGEST) for _ in range(6)]
    assert waits == [0, 0, 0, 0, 1, 1]
    assert paced.wait("quiet", LARGEST) == 0


def test_no_more_senders_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST", 2)
    paced = Pace(lambda: 0.0)
    for sender in "abc":
        paced.wait(sender, 1)
    assert list(paced._free) == ["b", "c"]
