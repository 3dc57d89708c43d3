"""The order of the operate loop."""

from datetime import datetime, timedelta

from afield.operate import operate

NOON = datetime(2024, 3, 1, 12)


class Noted:
    """A room that notes what is asked of it; a chunk ends with every second tick."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []

    def __getattr__(self, name: str):
        def called(argument: object) -> object:
            self.calls.append((name, argument))
            return {"publish": f"rows of {argument}", "deliver": f"chunk to {argument}"}.get(name)

        return called

    def chunk_ends(self, tick: datetime) -> bool:
        return tick.hour % 2 == 0


def test_a_tick_is_published_before_it_is_recorded_and_a_chunk_judged_after_it_was_delivered() -> None:
    room = Noted()
    operate(room, [NOON])
    assert [name for name, _ in room.calls] == [
        "publish", "forecast", "deliver", "collect", "measure", "climb", "retrain",
    ]  # fmt: skip
    given = dict(room.calls)
    assert given["forecast"] == f"rows of {NOON}"
    assert given["collect"] == given["measure"] == f"chunk to {NOON}"
    assert given["climb"] == given["retrain"] == NOON


def test_between_the_ends_of_chunks_a_tick_is_only_published_and_recorded() -> None:
    room = Noted()
    operate(room, [NOON + timedelta(hours=1)])
    assert [name for name, _ in room.calls] == ["publish", "forecast"]
