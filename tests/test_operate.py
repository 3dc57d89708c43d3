"""The order of the operate loop."""

from datetime import datetime, timedelta

from afield.operate import operate

NOON = datetime(2024, 3, 1, 12)


class Noted:
    """A room that notes what is asked of it; a chunk is due at every second tick."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []

    def __getattr__(self, name: str):
        def called(*arguments: object) -> object:
            self.calls.append((name, *arguments))
            return f"rows of {arguments[0]}" if name == "publish" else None

        return called

    def chunks_due(self, tick: datetime) -> tuple[str, ...]:
        return () if tick.hour % 2 else ("missed chunk", "chunk")


def test_a_tick_is_published_before_it_is_recorded_and_a_chunk_judged_after_it_was_delivered() -> None:
    room = Noted()
    operate(room, [NOON])
    assert room.calls == [
        ("publish", NOON),
        ("forecast", f"rows of {NOON}"),
        ("offer", NOON),
        ("deliver",),
        ("collect", "missed chunk"),
        ("measure", "missed chunk"),
        ("select", "missed chunk"),
        ("collect", "chunk"),
        ("measure", "chunk"),
        ("select", "chunk"),
        ("climb", NOON),
        ("retrain", NOON),
    ]


def test_between_the_ends_of_chunks_a_tick_is_only_published_and_recorded() -> None:
    room = Noted()
    later = NOON + timedelta(hours=1)
    operate(room, [later])
    assert [name for name, *_ in room.calls] == ["publish", "forecast", "offer"]
