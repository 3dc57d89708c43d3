"""The demonstration's travellers: what they say, when it is known, and what they feel."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from afield.errors import DataError
from afield.records.facts import Window
from afield.records.traffic import Answer, Fact
from afield.telemetry.privacy import protect_fact
from signs import demonstration
from signs.concluding import SURE
from signs.demonstration import Look, Travellers, felt, mistakes, verdict
from signs.demonstration import demonstration as scenario
from signs.operating import STEP
from signs.shown import Shown
from signs.sights import Sight, VerdictFact, asked
from signs.stories import Seen

TICK = datetime(2026, 5, 2, 10)
AT = TICK + timedelta(minutes=7)
ASKED = [f"a/{number}" for number in range(40) if asked(f"a/{number}")][:10]
UNASKED = [f"a/{number}" for number in range(40) if not asked(f"a/{number}")][:10]


def content(*ids: str, text: str = "出口", language: str = "ja") -> tuple[dict[str, object], ...]:
    box = [[0, 0], [9, 0], [9, 5], [0, 5]]
    line = {"box": box, "text": text, "mode": "automate", "english": "Exit", "reason": "", "language": language}
    return tuple({"id": each, **line} for each in ids)


def answer(*lines: dict[str, object]) -> Answer:
    fields = {"id": "a", "forecast": "", "release": "r", "mode": "automate", "applied": (), "output": {}}
    fields |= {"interval": None, "level": 0.9, "facts_age": None, "reason": "", "content": lines}
    return msgspec.convert(fields, Answer)


def look(right: bool = True, acts: Sequence[tuple[str, str, str | None, str | None]] = ()) -> Look:
    return Look(
        AT,
        b"{}",
        Seen(b"", "day", AT, {"出口": "ja"}),
        judge=lambda lines: {line.id: right for line in lines if line.text},
        acts=lambda _: acts,
    )


def travellers(*looks: Look, seed: int = 1) -> Travellers:
    return Travellers({TICK: looks}, random.Random(seed))


def said(of: Travellers) -> list[Fact]:
    return list(of.facts(TICK + STEP))


def test_travellers_send_the_frames_of_a_tick() -> None:
    some = travellers(look(), look())
    assert some.requests(TICK) == [b"{}", b"{}"]
    assert some.requests(TICK + STEP) == []
    assert some.outcomes(TICK) == []


def test_only_lines_asked_about_by_lot_get_an_answer_that_is_asked_for() -> None:
    some = travellers(look())
    some.settle(TICK, [answer(*content(*ASKED, *UNASKED))])
    facts = said(some)
    assert {fact.fields["line"] for fact in facts} <= set(ASKED)
    assert len(facts) > len(ASKED) / 2
    assert all(fact.fields["asked"] is True and fact.fields["right"] == 1 for fact in facts)


def test_what_travellers_say_is_known_before_the_next_tick_and_told_once() -> None:
    some = travellers(look())
    some.settle(TICK, [answer(*content(*ASKED))])
    facts = said(some)
    assert facts
    assert {fact.known_at for fact in facts} == {TICK + STEP - timedelta(seconds=1)}
    assert {fact.at for fact in facts} == {AT}
    assert said(some) == []


def test_a_wrong_line_is_called_wrong_however_it_is_said() -> None:
    some = travellers(*[look(right=False)] * 6)
    some.settle(TICK, [answer(*content(*ASKED))] * 6)
    facts = said(some)
    assert {fact.fields["right"] for fact in facts} == {0}
    assert {fact.fields["how"] for fact in facts} == {"tapped_wrong", "edited"}


def test_what_travellers_do_unasked_is_a_complaint_and_no_answer() -> None:
    acts = [(UNASKED[0], "edited", "入口", None), (ASKED[0], "tapped_wrong", None, None)]
    some = travellers(look(acts=acts))
    some.settle(TICK, [answer(*content(UNASKED[0]))])
    (fact,) = said(some)
    assert (fact.fields["line"], fact.fields["asked"], fact.fields["right"]) == (UNASKED[0], False, 0)
    assert fact.fields["text"] == "入口"
    assert "english" not in fact.fields


def test_a_failed_request_leaves_no_facts_of_its_tick() -> None:
    some = travellers(look(), look())
    some.settle(TICK, [answer(*content(*ASKED))])
    assert said(some) == []
    assert some.seen == []


def test_an_answer_without_lines_is_settled() -> None:
    some = travellers(look())
    some.settle(TICK, [answer()])
    assert said(some) == []
    assert [lines for _, lines in some.seen] == [()]


def test_languages_are_counted_of_lines_that_were_read_as_they_stand() -> None:
    some = travellers(look(), look())
    some.settle(TICK, [answer(*content("a/1", language="zh")), answer(*content("a/2", text="出囗"))])
    assert some.languages == Counter({("ja", "zh"): 1})


def test_only_the_last_frames_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "KEPT", 3)
    some = travellers(*[look()] * 5)
    some.settle(TICK, [answer(*content(f"a/{number}")) for number in range(5)])
    assert [lines[0].id for _, lines in some.seen] == ["a/2", "a/3", "a/4"]


@given(
    st.sampled_from(["tapped_right", "tapped_wrong", "edited", "retaken"]),
    st.booleans(),
    st.none() | st.text(max_size=9),
)
def test_what_is_said_is_a_fact_that_the_service_takes(how: str, right: bool, text: str | None) -> None:
    fact = verdict("a/1", AT, how, right=right, text=text)
    taken = msgspec.convert(fact.fields, VerdictFact)
    assert (taken.line, taken.right, taken.how, taken.text) == ("a/1", int(right), how, text)
    assert protect_fact(fact, ("device",), b"k" * 32) == fact


def test_lines_called_sure_and_misread_are_told_from_right_ones_held_back() -> None:
    frame = pl.DataFrame(
        {"forecast": [0.95, SURE, 0.95, 0.5, 0.5, SURE - 0.01], "truth": [0.0, 0.0, 1.0, 1.0, 0.0, 1.0]}
    )
    assert mistakes(frame) == {"wrong_shown": 2.0, "right_held_back": 2.0}


def test_nobody_said_anything_and_nothing_is_felt() -> None:
    frame = pl.DataFrame(schema={"forecast": pl.Float64, "truth": pl.Float64})
    assert mistakes(frame) == {"wrong_shown": 0.0, "right_held_back": 0.0}


def test_each_arm_is_felt_on_the_same_lines() -> None:
    better = pl.DataFrame({"forecast": [0.1, 0.95], "truth": [0.0, 1.0]})
    worse = better.with_columns(forecast=1 - pl.col("forecast"))
    told = felt({"kept": better, "never_updated": worse, "baseline": worse})
    assert told.count == 2
    assert told.kept == {"wrong_shown": 0.0, "right_held_back": 0.0}
    assert told.never_updated == told.baseline == {"wrong_shown": 1.0, "right_held_back": 1.0}


def folder(path: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        Image.new("RGB", (20, 20), (number, 0, 0)).save(path / name)
    rows = [{"file": name, "lines": ["出口"], "lang": "ja", "ignore": ["AED"]} for name in names]
    (path / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_given_pictures_are_played_one_a_tick_again_and_again(tmp_path: Path) -> None:
    played = scenario({}, folder(tmp_path, "a.png", "b.png"))
    assert played.regime_change is None
    window = played.window
    ticks = [window.start + STEP * number for number in range(4)]
    bodies = [played.traffic.requests(tick) for tick in ticks]
    sights = [msgspec.json.decode(body, type=Sight) for each in bodies for body in each]
    assert len(sights) == 4
    assert [sight.image == (tmp_path / "a.png").read_bytes() for sight in sights] == [True, False, True, False]
    assert all(tick <= sight.at < tick + STEP for tick, sight in zip(ticks, sights, strict=True) if sight.at)
    assert played.window.end - played.window.start == demonstration.DAYS * demonstration.DAY


def test_given_pictures_are_judged_by_their_truth(tmp_path: Path) -> None:
    (one, *_) = demonstration._given(folder(tmp_path, "a.png"), Window(TICK, TICK + STEP))
    box = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))
    lines = [Shown(str(number), box, text, "off") for number, text in enumerate(["出囗", "AED", "穴", ""])]
    assert one.judge(lines) == {"0": False, "1": True, "2": False}
    assert one.judge([Shown("5", box, "出口", "off")]) == {"5": True}
    assert one.seen.truth == {"出口": "ja"}


def test_a_folder_without_truth_is_refused_before_anything_plays(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"truth\.jsonl"):
        scenario({}, tmp_path)


@pytest.mark.slow
def test_generated_travellers_walk_the_same_way_each_time() -> None:
    window = Window(TICK, TICK + 6 * STEP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demonstration, "FRAMES", 8)
        one, other = (list(demonstration._walked(window)) for _ in range(2))
    assert [each.body for each in one] == [each.body for each in other]
    assert len(one) == 8
    assert all(window.start <= each.at <= window.end for each in one)
