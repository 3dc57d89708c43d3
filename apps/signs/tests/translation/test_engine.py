"""Engines in turn: the first that knows is heard, the others are not asked."""

from signs.records import Language, Translation
from signs.translation.engine import in_turn


def test_the_first_that_knows_is_heard() -> None:
    asked: list[str] = []

    def silent(text: str, language: Language, /) -> None:
        asked.append("silent")

    def knows(text: str, language: Language, /) -> Translation:
        asked.append("knows")
        return Translation("Exit", "phrasebook", 1.0, "known")

    found = in_turn(silent, knows, silent)("出口", "ja")
    assert found is not None
    assert found.english == "Exit"
    assert asked == ["silent", "knows"]


def test_where_nobody_knows_nothing_is_said() -> None:
    assert in_turn()("出口", "ja") is None
