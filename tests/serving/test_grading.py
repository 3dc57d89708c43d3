"""The mode of each answer by its confidence and its harm, for one query and for several at once."""

from dataclasses import replace

from afield.mitigation.modes import Grading
from afield.records.traffic import Answer, Query
from afield.testing.stand import TICK
from afield.testing.toy import operate
from tests.serving.bakery import Bakery, bakery_of, release

# Forecasts are 5, 7, 11 and 13: sure, doubtful, and nothing to go by.
GRADING = Grading(lambda values: 1 - (values["forecast"] - 5) / 8, 0.75, 0.25)
MODES = {"east": "automate", "north": "automate", "south": "prompt", "west": "off"}


def graded(**control: object) -> Bakery:
    bakery = bakery_of(replace(operate({}), grading=GRADING))
    bakery.see(release("r1"), **control)
    return bakery


def queries() -> list[Query]:
    return [Query(key=shop, unit=shop, at=TICK) for shop in MODES]


def test_each_answer_has_the_mode_that_its_confidence_allows() -> None:
    bakery = graded()
    answers = {query.key: bakery.predictor.answer(query) for query in queries()}
    assert {shop: answer.mode for shop, answer in answers.items()} == MODES
    assert {event.unit: event.mode for event in bakery.events} == MODES


def test_an_answer_that_is_off_is_the_neutral_one_and_says_so() -> None:
    answer = graded().predictor.answer(queries()[-1])
    assert (answer.output, answer.applied, answer.release) == ({"bake": 10.0}, ("mode:off",), "none")


def test_several_at_once_are_graded_as_one_by_one() -> None:
    alone = [graded().predictor.answer(query) for query in queries()]
    together = graded().predictor.answers(queries())
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, Answer)
        assert (one.mode, one.output, one.applied) == (other.mode, other.output, other.applied)


def test_the_mode_in_force_is_the_most_that_is_allowed() -> None:
    bakery = graded(mode="prompt")
    assert [bakery.predictor.answer(query).mode for query in queries()] == ["prompt", "prompt", "prompt", "off"]
