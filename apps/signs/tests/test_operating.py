"""Operating: what is seen in a frame, what is shown of it in each mode, and what is kept of it."""

from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import RequestError
from afield.records.release import Part
from afield.records.traffic import Fact, Mode
from afield.serving.model import Model
from afield.serving.product import Conclusion
from afield.serving.releases import Release
from apps.signs.tests.colours import COLOURS, GARBLED, INJECTED, START, picture, png
from signs.concluding import DOUBTFUL, SURE, TRUSTED, conclude, how, infer, kit_of, observe, told
from signs.confidence import FEATURES
from signs.frames import decode
from signs.kit import ENGLISH, Found, Network
from signs.operating import operate
from signs.parts import OUTPUT
from signs.reading.chain import Reader
from signs.reading.models import characters, metadata, pretrained
from signs.records import Line, Translation
from signs.sights import ASKED, LineFact, Sight, Where, asked, resolve, sample

EXIT, BOARDING, INJECTION, UNKNOWN = COLOURS
EVERYTHING = (*COLOURS, GARBLED)
BLANK_BOX = np.array([[0, 0], [90, 0], [90, 20], [0, 20]], np.float32)


def found(
    *, sure: float = 1.0, language_sure: float = 1.0, known: bool = True, readable: bool = True, certain: float = 0.0
) -> Found:
    line = Line(BLANK_BOX, "出口", False, 0.9, np.ones(2, np.float32), 0.0, 9.0, "han", readable)
    english = Translation("Exit", "phrasebook", sure, "a phrase of the phrasebook") if known else None
    return Found(line, "ja", language_sure, english, certain)


def concluded(release: Release, frame: bytes, mode: Mode = "automate", place: Where | None = None) -> Conclusion:
    query = resolve(Sight("phone-1", frame, START, place))
    observed = observe(query.request, release)
    return conclude("a", query, observed, infer(observed.rows, release.parts), mode)


def test_a_sight_is_asked_about_by_its_device_and_at_its_own_time() -> None:
    query = resolve(Sight("phone-1", b"", START))
    assert (query.unit, query.key, query.at) == ("phone-1", "", START)


def test_a_sight_without_a_time_was_taken_now() -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    assert before <= resolve(Sight("phone-1", b"")).at <= before + timedelta(minutes=1)


def test_lines_are_observed_in_reading_order_with_a_row_each(release: Release) -> None:
    observed = observe(Sight("phone-1", png(picture(*EVERYTHING))), release)
    lines = [each for each in observed.found if isinstance(each, Found)]
    assert [each.line.text for each in lines] == [*COLOURS.values(), ""]
    assert set(observed.rows) == set(FEATURES)
    assert observed.rows["mean_score"].shape == (5,)


def test_a_frame_without_text_has_no_rows(release: Release) -> None:
    observed = observe(Sight("phone-1", png(picture())), release)
    assert observed.found == ()


def test_only_a_sight_can_be_observed(release: Release) -> None:
    with pytest.raises(RequestError, match="a sight is expected"):
        observe("出口", release)


def test_a_release_without_its_reader_is_told() -> None:
    with pytest.raises(TypeError, match="release 0123456789ab was opened without its reader"):
        kit_of(Release("0123456789abcdef", {}))


def test_the_place_of_the_traveller_weighs_in_the_language(release: Release) -> None:
    frame = png(picture(EXIT))
    languages = []
    for place in (None, Where(35.68, 139.76)):
        (line,) = observe(Sight("phone-1", frame, START, place), release).found
        assert isinstance(line, Found)
        languages.append(line.language)
    assert languages == ["zh", "ja"]


@pytest.mark.parametrize(
    ("confident", "mode", "expected"),
    [
        (1.0, "automate", "automate"),
        (SURE, "automate", "automate"),
        (SURE - 0.01, "automate", "prompt"),
        (DOUBTFUL, "automate", "prompt"),
        (DOUBTFUL - 0.01, "automate", "off"),
        (1.0, "prompt", "prompt"),
        (DOUBTFUL - 0.01, "prompt", "off"),
        (1.0, "off", "off"),
    ],
)
def test_a_line_is_shown_as_its_confidence_and_the_mode_in_force_allow(
    confident: float, mode: Mode, expected: Mode
) -> None:
    assert how(found(), confident, mode) == expected


def test_a_line_whose_conformal_set_holds_both_is_asked_about_and_says_from_which_confidence_it_is_certain() -> None:
    undecided = found(certain=0.885)
    assert [how(undecided, confident, "automate") for confident in (0.88, 0.885)] == ["prompt", "automate"]
    assert told("a/0", undecided, 0.88, "prompt")["reason"].endswith("read right with 88%, and certain only from 89%")
    assert "certain" not in str(told("a/0", undecided, 0.9, "prompt")["reason"])
    assert how(undecided, 0.3, "automate") == "off"


def test_doubt_about_reading_translation_and_language_multiplies() -> None:
    assert how(found(sure=0.95), 0.95, "automate") == "automate"
    assert how(found(sure=0.9, language_sure=0.9), 0.9, "automate") == "prompt"
    assert how(found(sure=TRUSTED - 0.01), 1.0, "automate") == "prompt"
    assert how(found(sure=0.7, language_sure=0.7), 0.7, "automate") == "off"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["automate", "prompt", "off"]), st.booleans())
def test_no_line_is_shown_above_the_mode_in_force(
    sure: float, language_sure: float, confident: float, mode: Mode, known: bool
) -> None:
    order = ("off", "prompt", "automate")
    shown = how(found(sure=sure, language_sure=language_sure, known=known), confident, mode)
    assert order.index(shown) <= order.index(mode)
    assert known or shown == "off"


def test_a_sure_line_is_told_with_its_english_source_and_reason() -> None:
    line = told("a/0", found(), 0.987654, "automate")
    assert (line["english"], line["source"], line["mode"], line["confidence"]) == (
        "Exit",
        "phrasebook",
        "automate",
        0.9877,
    )
    assert line["reason"] == "a phrase of the phrasebook; read right with 99%"
    assert line["box"] == [[0.0, 0.0], [90.0, 0.0], [90.0, 20.0], [0.0, 20.0]]


def test_a_line_that_is_off_is_told_without_english_and_why() -> None:
    line = told("a/0", found(), 0.12, "off")
    assert (line["english"], line["source"], line["text"]) == (None, None, "出口")
    assert line["reason"] == "not sure enough that it was read right (12%)"


def test_a_line_that_nobody_knows_is_told_as_its_reading() -> None:
    line = told("a/0", found(known=False), 1.0, "off")
    assert line["reason"] == "read, but in neither the phrasebook nor the dictionary"


def test_english_is_told_as_english_where_it_is_surely_that() -> None:
    unknown = found(known=False)
    assert told("a/0", replace(unknown, language="en"), 1.0, "off")["reason"] == "English already"
    guessed = replace(unknown, language="en", language_sure=ENGLISH - 0.01)
    assert told("a/0", guessed, 1.0, "off")["reason"] == "read, but in neither the phrasebook nor the dictionary"


def test_a_script_without_a_name_is_told_as_one_that_cannot_be_read_yet() -> None:
    unread = found(known=False, readable=False)
    unread = replace(unread, line=replace(unread.line, script="other", text=""))
    assert told("a/0", unread, 0.9, "off")["reason"] == "in a script that cannot be read yet"


def test_an_unreadable_script_is_named_and_never_asked_about() -> None:
    unread = found(known=False, readable=False)
    unread = replace(unread, line=replace(unread.line, script="hangul", text=""))
    lines = [told(f"a/{number}", unread, 0.9, "off") for number in range(20)]
    assert {line["reason"] for line in lines} == {"unreadable script: Hangul"}
    assert not any(line["ask"] for line in lines)
    assert any(asked(f"a/{number}") for number in range(20))


def test_the_lot_falls_the_same_way_each_time_and_close_to_its_share() -> None:
    drawn = [asked(f"{number:x}/0") for number in range(20_000)]
    assert drawn == [asked(f"{number:x}/0") for number in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(ASKED, abs=0.015)


def test_the_lot_does_not_look_at_the_answer() -> None:
    lines = [told("a/0", found(known=known), confident, "off") for known in (True, False) for confident in (0.1, 0.9)]
    assert len({line["ask"] for line in lines}) == 1


def test_a_frame_is_concluded_line_by_line(release: Release) -> None:
    answer = concluded(release, png(picture(*EVERYTHING)))
    assert [line["english"] for line in answer.content] == ["Exit", "Boarding area", None, None, None]
    assert answer.output == {"lines": 5.0, "shown": 0.4}
    assert answer.reason == "5 lines: 2 sure, 0 with a question, 3 not translated"
    assert [line["id"] for line in answer.content] == [f"a/{number}" for number in range(5)]


def test_one_line_is_told_as_one(release: Release) -> None:
    assert concluded(release, png(picture(EXIT))).reason == "1 line: 1 sure, 0 with a question, 0 not translated"


def test_mode_prompt_asks_of_what_it_would_have_shown(release: Release) -> None:
    answer = concluded(release, png(picture(EXIT)), "prompt")
    assert [(line["english"], line["mode"]) for line in answer.content] == [("Exit", "prompt")]
    assert answer.output["shown"] == 0.0


def test_a_release_that_is_certain_of_little_asks_where_another_would_have_shown(release: Release) -> None:
    careful = copy(kit_of(release))
    careful.certain = 1.01
    answer = concluded(replace(release, kit=careful), png(picture(EXIT)))
    (line,) = answer.content
    assert (line["english"], line["mode"], answer.output["shown"]) == ("Exit", "prompt", 0.0)
    assert str(line["reason"]).endswith("and certain only from 100%")


def test_mode_off_gives_the_reading_alone(release: Release) -> None:
    answer = concluded(release, png(picture(EXIT)), "off")
    assert [(line["text"], line["english"]) for line in answer.content] == [("出口", None)]
    assert [line["reason"] for line in answer.content] == ["translations are switched off at the moment"]


def test_a_frame_without_text_has_an_honest_empty_answer(release: Release) -> None:
    query = resolve(Sight("phone-1", png(picture()), START))
    observed = observe(query.request, release)
    answer = conclude("a", query, observed, {"confidence": np.empty(0)}, "automate")
    assert (answer.content, answer.facts, answer.reason) == ((), (), "no text was found")
    assert answer.output == {"lines": 0.0, "shown": 0.0}


def test_what_a_picture_says_is_only_text(release: Release) -> None:
    (line,) = concluded(release, png(picture(INJECTION))).content
    assert (line["text"], line["english"], line["mode"]) == (INJECTED, None, "off")


def test_a_fact_holds_neither_text_nor_pixels(release: Release) -> None:
    answer = concluded(release, png(picture(*EVERYTHING)), place=Where(35.681236, 139.767125))
    content = msgspec.json.encode(answer.facts).decode()
    for line in answer.content:
        for told_of in (line["text"], line["english"]):
            assert not told_of or str(told_of) not in content
    for each in answer.facts:
        assert set(each.fields) == {field.name for field in msgspec.structs.fields(LineFact)}
        msgspec.convert(each.fields, LineFact)
        assert len(msgspec.json.decode(str(each.fields["features"]))) == len(FEATURES)


def test_a_fact_keeps_the_place_to_ten_kilometres(release: Release) -> None:
    (kept,) = concluded(release, png(picture(EXIT)), place=Where(35.681236, 139.767125)).facts
    assert kept.fields["place"] == "35.7,139.8"
    (nowhere,) = concluded(release, png(picture(EXIT))).facts
    assert nowhere.fields["place"] == ""


def test_facts_and_lines_go_by_the_same_ids(release: Release) -> None:
    answer = concluded(release, png(picture(*EVERYTHING)))
    assert [each.id for each in answer.facts] == [line["id"] for line in answer.content]
    assert all(isinstance(each, Fact) and each.kind == "line" and each.at == START for each in answer.facts)


def test_the_sample_is_a_request_with_a_whole_picture(release: Release) -> None:
    body = msgspec.json.decode(sample(START, ""), type=Sight)
    assert body.at == START
    assert decode(body.image).pixels.shape == (48, 96, 3)


@pytest.mark.slow
def test_the_sample_has_a_line_for_the_model_to_judge() -> None:
    graphs = pretrained()
    names = characters(metadata(graphs["recognition"]))
    networks = [Network({name: Model(Part(name, (), (OUTPUT,), ""), graphs[name])}, name) for name in graphs]
    reader = Reader(*networks, names)
    (line,) = reader.read(decode(msgspec.json.decode(sample(START, ""), type=Sight).image))
    assert line.text == "出口"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"device": "a"}', "image"),
        (b'{"image": ""}', "device"),
        (b'{"device": "", "image": ""}', r"\$\.device"),
        (b'{"device": "a", "image": "???"}', r"\$\.image"),
        (b'{"device": "a", "image": 3}', r"\$\.image"),
        (b'{"device": "a", "image": "", "at": "2026-05-01T10:00:00Z"}', r"\$\.at"),
        (b'{"device": "a", "image": "", "place": {"latitude": 91, "longitude": 0}}', r"\$\.place\.latitude"),
        (b'{"device": "a", "image": "", "place": {"latitude": 9}}', r"longitude"),
        (b'{"device": "a", "image": "", "colour": 1}', "colour"),
    ],
)
def test_a_malformed_sight_names_its_field(body: bytes, where: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=where):
        msgspec.json.decode(body, type=Sight)


def test_people_are_named_private_wherever_they_are_named() -> None:
    made = operate({})
    assert "device" in made.private
    assert made.asked.largest > 12_000_000 * 4 / 3
