import pytest

from afield.mitigation.texts import allow_texts, deny_words, longest


@pytest.mark.parametrize(
    ("text", "said"),
    [("Skilled workers", True), ("KILL the engine", False), ("do not touch it", False), ("touching", True), ("", True)],
)
def test_a_text_with_a_denied_word_is_withheld_as_a_whole_word_in_any_case(text: str, said: bool) -> None:
    line = {"id": "1", "english": text}
    given = deny_words("english", ["kill", "Touch it"])(line)
    assert given == {"id": "1", "english": text if said else None}
    assert (given is line) == said


def test_only_allowed_texts_are_said_and_none_is_too_long() -> None:
    assert allow_texts("e", ["Exit"])({"e": "EXIT"}) == {"e": "EXIT"}
    assert allow_texts("e", ["Exit"])({"e": "Enter"}) == {"e": None}
    assert longest("e", 3)({"e": "abcd"}) == {"e": None}
    assert longest("e", 4).name == "longest:e"


def test_a_line_without_the_text_is_left_alone() -> None:
    for line in ({"e": None}, {"other": "kill"}, {"e": 3}):
        assert deny_words("e", ["kill"])(line) is line


def test_lists_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be"):
        deny_words("e", [])
    with pytest.raises(ValueError, match="must not be"):
        longest("e", 0)
