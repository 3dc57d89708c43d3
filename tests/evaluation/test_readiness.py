"""The ML Test Score: sections, the minimum, no point without evidence."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.readiness import SECTIONS, TESTS, Earned, earned, read, score, sections


def card(points: list[float]) -> list[Earned]:
    places = [(section, number) for section in SECTIONS for number in range(1, 8)]
    return [
        Earned(section=section, number=number, test="", points=given, evidence=("a file",))
        for (section, number), given in zip(places, points, strict=True)
    ]


def test_there_are_four_sections_of_seven_tests() -> None:
    assert [len(TESTS[section]) for section in SECTIONS] == [7, 7, 7, 7]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=28, max_size=28))
def test_the_score_is_the_least_section(points: list[float]) -> None:
    found = card(points)
    assert score(found) == min(sum(points[place : place + 7]) for place in range(0, 28, 7))
    assert sum(sections(found).values()) == sum(points)


def test_a_whole_point_needs_more_than_half_of_one() -> None:
    terms = {"missing": "a gate", "command": "declare one"}
    assert earned("data", 2, **terms).points == 0
    half = earned("data", 2, half=["ledger entry 3"], **terms)
    assert (half.points, half.evidence, half.next) == (0.5, ("ledger entry 3",), "declare one")
    whole = earned("data", 2, half=["ledger entry 3"], whole=["a gate", "ledger entry 3"], **terms)
    assert (whole.points, whole.evidence, whole.missing) == (1.0, ("a gate", "ledger entry 3"), "")


def test_points_without_evidence_a_missing_test_and_an_unknown_one_are_refused() -> None:
    found = card([1.0] * 28)
    with pytest.raises(EvaluationError, match="points without evidence: model 1"):
        score([*found[:7], msgspec.structs.replace(found[7], evidence=()), *found[8:]])
    with pytest.raises(EvaluationError, match="28 tests, each once"):
        score(found[1:])
    with pytest.raises(EvaluationError, match="no test 8"):
        earned("data", 8, missing="", command="")


def test_what_the_paper_says_follows_the_score() -> None:
    assert "research project" in read(0)
    assert "serious holes" in read(0.5)
    assert "first pass" in read(1.5)
    assert "strong" in read(5.0)
    assert "exceptional" in read(5.5)
