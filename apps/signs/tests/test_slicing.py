"""Slices of lines: a mode that people set for one holds every line in it, and no other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from afield.answering import predictor
from afield.application import load
from afield.cli import VERBS, run
from afield.control.office import open_office
from afield.records.decision import ControlState
from afield.records.traffic import Answer, Mode
from afield.serving.releases import Release
from afield.serving.situation import Situation
from apps.signs.tests.colours import COLOURS, START, picture, png
from signs.concluding import how, why
from signs.kit import Found
from signs.operating import operate
from signs.records import Line, Translation
from signs.sights import Sight, resolve
from signs.slicing import HOLDS, bounded

EXIT, BOARDING, _, _ = COLOURS


def line(text: str, english: str, source: str = "phrasebook", language: str = "ja", script: str = "han") -> Found:
    box = np.array([[0, 0], [90, 0], [90, 20], [0, 20]], np.float32)
    read = Line(box, text, False, 0.9, np.ones(len(text), np.float32), 0.0, 9.0, script, True)  # type: ignore[arg-type]
    return Found(read, language, 1.0, Translation(english, source, 0.99, "a test"))  # type: ignore[arg-type]


def slices(found: Found) -> set[str]:
    return {name for name, holds in HOLDS.items() if holds(found)}


def test_a_line_is_in_the_slices_of_what_it_speaks_of_where_its_meaning_is_from_its_script_and_its_language() -> None:
    assert slices(line("有毒", "Toxic")) == {"safety", "han", "ja"}
    assert slices(line("Bahnhof", "Station", "dictionary", "de", "latin")) == {"not in the phrasebook", "latin", "de"}
    assert slices(replace(line("駅", ""), translation=None)) == {"han", "ja"}


@pytest.mark.parametrize(("most", "shown"), [("automate", "automate"), ("prompt", "prompt"), ("off", "off")])
def test_a_line_is_shown_as_no_more_than_its_slices_allow_and_says_why(most: Mode, shown: Mode) -> None:
    held = bounded(line("駅", "Station"), most)
    assert isinstance(held, Found)
    assert how(held, 1.0, "automate") == shown
    assert ("at the moment" in why(held, 1.0, shown)) == (most != "automate")
    assert how(held, 1.0, "off") == "off"


def answered(release: Release, **modes: Mode) -> Answer:
    """What the service answers about a frame that says exit, and boarding area, with modes for slices of lines."""
    service = predictor(operate({}), clock=lambda: START, record=lambda _: None)
    apart = {f"slice:{name.replace('_', ' ')}": mode for name, mode in modes.items()}
    control = ControlState(1, release.digest, now=START, mode_by_unit=apart)
    service.see(Situation(None, control, {release.digest: release}))
    return service.answer(resolve(Sight("phone-1", png(picture(EXIT, BOARDING)), START)))


def told(answer: Answer) -> list[object]:
    return [each["mode"] for each in answer.content]


def test_a_mode_for_a_slice_holds_the_lines_in_it_and_the_others_go_on(release: Release) -> None:
    assert told(answered(release)) == ["automate", "automate"]
    assert told(answered(release, safety="prompt")) == ["prompt", "automate"]
    asked, _ = answered(release, safety="prompt").content
    assert str(asked["reason"]).endswith("such lines are only suggested at the moment")
    off, _ = answered(release, safety="off").content
    assert (off["english"], off["reason"]) == (None, "translations of such lines are switched off at the moment")


def test_of_two_slices_that_hold_a_line_the_more_cautious_counts(release: Release) -> None:
    assert told(answered(release, safety="off", han="prompt")) == ["off", "automate"]
    assert told(answered(release, safety="prompt", han="off")) == ["off", "automate"]


def test_a_slice_that_is_not_declared_any_more_holds_nothing(release: Release) -> None:
    assert told(answered(release, moon="off")) == ["automate", "automate"]


def test_people_switch_a_slice_by_name_and_an_unknown_one_is_refused_with_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path))
    office = open_office(load("signs"), tmp_path, lambda _: None)
    office.by("ada").promote("r", "first", START)
    assert run(["mode", "signs", "prompt", "--slice", "safety", "--reason", "a wrong warning"], VERBS) == 0
    office.actions.refresh()
    assert office.actions.state.mode_by_unit == (("slice:safety", "prompt"),)
    capsys.readouterr()
    assert run(["mode", "signs", "off", "--slice", "neon", "--reason", "x"], VERBS) == 2
    assert (
        "no such slice; there is: de, en, es, fr, han, hangul, ja, kana, ko, latin, not in the phrasebook, safety, zh"
        in (" ".join(capsys.readouterr().err.split()))
    )
    override = ("--output", "shown", "--value", "0", "--expires", "2099-01-01T00:00:00", "--reason", "x")
    assert run(["override", "signs", "careful", "--slice", "safety", *override], VERBS) == 2
    assert "set a mode for it instead" in " ".join(capsys.readouterr().err.split())
