"""The source of generated lines: the same each time, with phrases held out where confidence is tested."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield.errors import UsageError
from afield.serving.releases import Release
from apps.signs.tests.colours import COLOURS, GARBLED, START, picture, png
from signs import walks
from signs.concluding import kit_of, told
from signs.confidence import FEATURES
from signs.language.examples import grouped, held_out
from signs.operating import STEP
from signs.records import Language, Place
from signs.rendering.signs import TrueLine
from signs.shown import shown
from signs.tables import SCHEMAS
from signs.translation.book import Book, phrases_table
from signs.walk import Taken
from signs.walks import MORE, TESTED, Walks, labelled, open_source, split_phrases

EXIT, BOARDING, INJECTION, UNKNOWN = COLOURS
DAY = timedelta(days=1)
LANGUAGES: tuple[Language, ...] = ("ja", "zh", "ko", "fr", "de", "es")


def taken(release: Release, *colours: tuple[int, int, int], wrong: tuple[int, ...] = ()) -> Taken:
    """A frame of colours, with what stands there; at `wrong` something else does."""
    frame, kit = png(picture(*colours)), kit_of(release)
    found = kit.understood(kit.reader.read(walks.decode(frame)), None)
    lines = shown(told(str(number), each, 1.0, "automate") for number, each in enumerate(found))
    there = tuple(
        TrueLine("案内" if number in wrong else line.text, "ja", (), np.array(line.box, np.float32), False)
        for number, line in enumerate(lines)
    )
    return Taken(START, "generated-01", frame, Place(35.69, 139.7), there, "Tokyo", "day")


def test_a_line_is_labelled_with_whether_it_was_read_right(release: Release) -> None:
    rows = labelled(taken(release, EXIT, BOARDING, wrong=(1,)), kit_of(release))
    assert [verdict["right"] for _, verdict in rows] == [1, 0]
    assert [verdict["line"] for _, verdict in rows] == [line["line"] for line, _ in rows]


def test_what_cannot_be_read_is_no_example(release: Release) -> None:
    rows = labelled(taken(release, EXIT, GARBLED, UNKNOWN), kit_of(release))
    assert [str(line["line"]).rpartition("/")[2] for line, _ in rows] == ["0", "2"]


def test_a_frame_in_which_nothing_is_read_gives_no_rows(release: Release) -> None:
    assert labelled(taken(release), kit_of(release)) == []


def test_rows_are_typed_as_the_tables_and_hold_no_text(release: Release) -> None:
    ((line, verdict),) = labelled(taken(release, EXIT), kit_of(release))
    assert (set(line), set(verdict)) == (set(SCHEMAS["lines"]), set(SCHEMAS["verdicts"]))
    assert "出口" not in repr((line, verdict))
    assert len(msgspec.json.decode(str(line["features"]))) == len(FEATURES)
    assert (verdict["asked"], verdict["how"], verdict["known_at"]) == (True, "generated", START + STEP)


def test_a_generated_frame_has_the_same_ids_each_time(release: Release) -> None:
    one, other = (labelled(taken(release, EXIT), kit_of(release)) for _ in range(2))
    assert one == other


def test_the_extract_has_a_verdict_a_line_and_says_that_nothing_is_real(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [replace(taken(release, *colours), at=START + STEP * n) for n, colours in enumerate([(EXIT, UNKNOWN), ()])]
    monkeypatch.setattr(walks, "opened_kit", lambda: kit_of(release))
    monkeypatch.setattr(walks, "walk", lambda *_, **__: iter(frames))
    extract = Walks(days=1).read()
    lines, verdicts = (extract.tables[name].collect() for name in ("lines", "verdicts"))
    assert (extract.rows_read, lines.height, verdicts.height) == (2, 2, 2)
    assert lines["line"].to_list() == verdicts["line"].to_list()
    assert extract.generated
    assert "no sign is real" in extract.messages[0]


def test_phrases_are_split_by_what_was_held_out() -> None:
    fitted, held = split_phrases()
    languages = Book.opened(phrases_table()).table.languages
    assert {each.language for each in held} == {each.language for each in fitted} == set(LANGUAGES)
    assert not {(each.text, each.language) for each in fitted} & {(each.text, each.language) for each in held}
    assert 0.1 < len(held) / (len(held) + len(fitted)) < 0.3
    groups = grouped(languages)
    phrase = next(phrase for phrase in languages["ja"] if "出口" in phrase.spellings)
    texts = {each.text for each in (held if held_out(groups[phrase.spellings[0]]) else fitted)}
    assert set(phrase.spellings) <= texts


def phrases_of_days(monkeypatch: pytest.MonkeyPatch, days: int) -> list[set[tuple[str, str]]]:
    seen: list[set[tuple[str, str]]] = []

    def noted(*arguments: object, **_: object) -> Iterator[Taken]:
        phrases = arguments[4]
        assert isinstance(phrases, list)
        seen.append({(each.text, each.language) for each in phrases})
        return iter(())

    monkeypatch.setattr(walks, "walk", noted)
    assert list(Walks(days=days)._taken()) == []
    return seen


def test_held_out_phrases_stand_on_the_signs_of_the_tested_days_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted, held = ({(each.text, each.language) for each in some} for some in split_phrases())
    assert phrases_of_days(monkeypatch, 5) == [fitted] * (5 - TESTED) + [held] * TESTED


@pytest.mark.slow
def test_the_same_settings_give_the_same_frames_day_by_day() -> None:
    source = Walks(days=2, frames=4)
    one, other = (list(source._taken()) for _ in range(2))
    assert [(each.at, each.frame) for each in one] == [(each.at, each.frame) for each in other]
    assert [(each.at - source.start) // DAY for each in one] == [0] * 4 * MORE + [1] * 4 * MORE
    assert {each.regime for each in one} == {"day"}


def test_the_fingerprint_changes_with_the_settings() -> None:
    assert Walks().fingerprint() == Walks().fingerprint()
    others = [Walks(seed=8), Walks(days=8), Walks(frames=99), Walks(start=START)]
    assert len({each.fingerprint() for each in (Walks(), *others)}) == 5


def test_the_end_is_the_midnight_after_the_last_day() -> None:
    assert Walks(start=START, days=3).end == START + 3 * DAY


def test_a_folder_of_pictures_is_no_source_and_the_error_says_what_can_be_done_with_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="afield evaluate signs --data DIR"):
        open_source(tmp_path)
    assert open_source(None) == Walks()
