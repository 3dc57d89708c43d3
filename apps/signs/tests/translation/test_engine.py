"""Engines in turn: the first that knows is heard, the others are not asked."""

import msgspec

from signs.records import Language, Translation
from signs.translation.book import Phrase, Table
from signs.translation.dictionaries import packed
from signs.translation.engine import in_turn, translator
from signs.translation.twins import twins


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


def test_a_word_goes_before_the_twin_of_a_phrase_and_a_row_of_words_after_it() -> None:
    phrases = (Phrase(("地盤",), ("Construction site",)), Phrase(("專用車道",), ("Reserved lane",)))
    table = Table({"zh": phrases}, twins={"zh": twins("zh", ["地盤", "專用車道"])})
    words = packed({"zh": [("地盘", "b", "domain"), ("专用", "b", "special"), ("车道", "b", "lane")]})
    translate = translator(msgspec.json.encode(table), words)
    said = {text: translate(text, "zh") for text in ("地盤", "地盘", "专用车道", "车道专用", "站")}
    assert {text: found and found.english for text, found in said.items()} == {
        "地盤": "Construction site",
        "地盘": "domain",
        "专用车道": "Reserved lane",
        "车道专用": "lane special",
        "站": None,
    }
