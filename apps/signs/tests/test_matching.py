"""Matching: read lines find their truth whatever the order, and split or joined lines cost what they lack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.evaluation.texts import folded
from signs.matching import match

lines = st.lists(st.text("ab cd出口", max_size=6), max_size=4)


def errors(truth: list[str], read: list[str], ignored: tuple[str, ...] = ()) -> int:
    return sum(found.errors for found in match(truth, read, ignored))


def test_the_order_of_lines_does_not_count() -> None:
    assert errors(["出口", "EXIT"], ["exit", "出口"]) == 0


def test_a_wrong_character_costs_one() -> None:
    found = match(["禁煙", "NO SMOKING"], ["禁烟", "NO SMOKING"])
    assert [(one.truth, one.read, one.errors) for one in found] == [((0,), (0,), 1), ((1,), (1,), 0)]


def test_a_missed_line_costs_its_characters() -> None:
    assert errors(["出口", "EXIT"], ["EXIT"]) == 2


def test_a_text_that_is_not_there_costs_its_characters() -> None:
    assert errors(["EXIT"], ["EXIT", "川品"]) == 2


def test_a_line_read_in_two_pieces_is_joined() -> None:
    assert errors(["Weitere Gleise", "Ausgang"], ["Weitere", "Gleise", "Ausgang"]) == 0


def test_two_lines_read_as_one_are_joined() -> None:
    found = match(["W", "Yuyuan Rd.", "E"], ["W Yuyuan Rd. E"])
    assert [(one.truth, one.errors) for one in found] == [((0, 1, 2), 0)]


def test_what_is_to_be_ignored_is_neither_rewarded_nor_punished() -> None:
    assert errors(["EXIT"], ["EXIT", "Washington Post"], ("The Washington Post", "Washington Post")) == 0
    assert errors(["EXIT"], ["EXIT"], ("The Washington Post",)) == 0


def test_an_ignored_text_at_the_end_of_a_line_is_taken_off() -> None:
    assert errors(["Eventdock"], ["← Eventdock"], ("←",)) == 0


def test_an_ignored_text_does_not_excuse_a_wrong_line() -> None:
    assert errors(["EXIT"], ["EXTI"], ("PAR",)) == 2


@pytest.mark.parametrize(("truth", "read"), [([], []), (["", " "], []), ([], ["", " "])])
def test_nothing_costs_nothing(truth: list[str], read: list[str]) -> None:
    assert errors(truth, read) == 0


@given(lines)
def test_the_truth_itself_has_no_errors(texts: list[str]) -> None:
    assert errors(texts, texts) == 0


@given(lines, lines)
def test_every_line_is_in_one_match_and_no_match_costs_more_than_its_texts(truth: list[str], read: list[str]) -> None:
    found = match(truth, read)
    assert sorted(place for one in found for place in one.truth) == list(range(len(truth)))
    assert sorted(place for one in found for place in one.read) == list(range(len(read)))
    most = sum(len(folded(text)) for text in [*truth, *read])
    assert sum(one.errors for one in found) <= most
