import random

import numpy as np
import pytest

from signs.person import Habits, act, matched, overlap, right
from signs.rendering.signs import TrueLine
from signs.shown import Shown, shown

ATTENTIVE = Habits(notices=1, notices_asked=1, notices_reading=1, edits=1, taps=0, confirms=1, slips=0)
IDLE = Habits(0, 0, 0, 0, 0, 0, 0, 0, 0)


def there(text: str = "現金のみ", *english: str, x: float = 0) -> TrueLine:
    return TrueLine(text, "ja", english, np.array([(x, 0), (x + 100, 0), (x + 100, 20), (x, 20)], np.float32), False)


def line(text: str = "現金のみ", english: str | None = "Cash only", mode: str = "automate", x: float = 2) -> Shown:
    box = [[x, 1], [x + 100, 1], [x + 100, 21], [x, 21]]
    (made,) = shown([{"id": f"a/{x:.0f}", "box": box, "text": text, "english": english, "mode": mode, "script": "han"}])
    return made


def test_a_line_is_right_where_reading_and_english_are() -> None:
    truth = there("現金のみ", "Cash only", "Cash payment only")
    assert right(line("現金 のみ", "cash payment only."), truth)
    assert right(line(english=None, mode="off"), truth)
    assert not right(line(english="Exit"), truth)
    assert not right(line("現会のみ"), truth)
    assert not right(line(), None)


def test_english_for_what_nobody_can_translate_is_wrong() -> None:
    assert not right(line(), there())


def test_a_misread_line_is_edited_to_what_stands_there() -> None:
    (done,) = act([there("現金のみ", "Cash only")], [line("現会のみ")], random.Random(1), ATTENTIVE)
    assert (done.how, done.right, done.text, done.english) == ("edited", 0.0, "現金のみ", None)


def test_a_wrong_translation_is_edited_to_an_accepted_one() -> None:
    (done,) = act([there("現金のみ", "Cash only")], [line(english="Exit")], random.Random(1), ATTENTIVE)
    assert (done.how, done.text, done.english) == ("edited", None, "Cash only")


def test_what_stands_nowhere_is_tapped_wrong_and_not_edited() -> None:
    (done,) = act([], [line("穴", "Hole")], random.Random(1), ATTENTIVE)
    assert (done.how, done.right) == ("tapped_wrong", 0.0)


def test_a_right_line_is_confirmed() -> None:
    (done,) = act([there("現金のみ", "Cash only")], [line()], random.Random(1), ATTENTIVE)
    assert (done.how, done.right) == ("tapped_right", 1.0)


def test_an_idle_person_does_nothing() -> None:
    assert act([there("現金のみ")], [line("現会のみ"), line(x=300)], random.Random(1), IDLE) == ()


def test_taking_the_picture_again_speaks_of_every_line_with_english() -> None:
    again = Habits(notices=1, edits=0, taps=0, confirms=0, slips=0)
    answer = [line("現会のみ"), line(x=300), line("穴", None, "off", x=600)]
    truth = [there("現金のみ", "Cash only"), there("現金のみ", "Cash only", x=300)]
    done = act(truth, answer, random.Random(1), again)
    assert {(each.line, each.how, each.right) for each in done} >= {("a/2", "retaken", 0.0), ("a/300", "retaken", 0.0)}


@pytest.mark.parametrize("seed", range(40))
def test_a_line_is_spoken_of_at_most_once(seed: int) -> None:
    truth = [there("現金のみ", "Cash only"), there("出口", "Exit", x=300)]
    done = act(truth, [line("現会のみ"), line("出口", "Exit", "prompt", x=300)], random.Random(seed))
    assert len({each.line for each in done}) == len(done)


def test_a_question_is_answered_more_often_than_an_overlay() -> None:
    def answers(mode: str) -> int:
        truth = [there("現金のみ", "Cash only")]
        return sum(bool(act(truth, [line(mode=mode)], random.Random(seed))) for seed in range(300))

    assert answers("prompt") > 2 * answers("automate")


def test_lines_are_matched_to_what_stands_where_they_lie() -> None:
    truth = [there("出口", x=300), there("現金のみ")]
    found = matched(truth, [line(x=2), line(x=305), line(x=900)])
    assert {identity: each.text for identity, each in found.items()} == {"a/2": "現金のみ", "a/305": "出口"}


def test_overlap_of_a_box_with_itself_is_one_and_with_a_far_one_none() -> None:
    box = there().box
    assert overlap(box, box) == pytest.approx(1)
    assert overlap(box, box + 500) == 0
