"""What the report shows of signs: why lines are not shown, confusions, and frames read by two releases."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from afield.records.release import Golden, Manifest
from afield.release.bundle import write
from afield.release.signing import Signer
from afield.serving.releases import Release
from apps.signs.tests.colours import COLOURS, GARBLED, START, models, parts, picture, png, tables
from signs import stories
from signs.shown import Shown
from signs.stories import Seen, confusions, lines_of, not_shown, opened, pictures, sections

Floats = NDArray[np.float64]
EXIT, BOARDING, INJECTION, UNKNOWN = COLOURS
BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))


def seen(*colours: tuple[int, int, int], regime: str = "day") -> Seen:
    return Seen(png(picture(*colours)), regime, START, {"出口": "ja"})


def line(text: str, reason: str, mode: str = "off") -> Shown:
    return msgspec.convert({"id": "a/0", "box": BOX, "text": text, "mode": mode, "reason": reason}, Shown)


def test_reasons_are_counted_without_their_percentages_and_have_an_example() -> None:
    doubt = "not sure enough that it was read right"
    lines = (line("。", f"{doubt} (12%)"), line("穴", f"{doubt} (31%)"), line("", "unreadable script: Hangul"))
    told = not_shown([(seen(), lines), (seen(), (line("Exit", "a phrase", "automate"),))])
    assert told.rows == ((doubt, "2", "穴"), ("unreadable script: Hangul", "1", "–"))


def test_nothing_seen_is_an_empty_table() -> None:
    assert not_shown([]).rows == ()
    assert confusions(Counter()).rows == ()


def test_confusions_are_a_square_of_languages() -> None:
    told = confusions(Counter({("ja", "ja"): 1200, ("ja", "zh"): 3, ("fr", "other"): 1}))
    assert told.head[1:] == ("fr", "ja", "other", "zh")
    assert told.rows[1] == ("ja", "0", "1,200", "0", "3")
    assert all(len(row) == 5 for row in told.rows)


def test_a_line_s_language_is_that_of_the_sign_where_it_was_read_as_it_stands() -> None:
    assert seen().language_of(line("出口", "")) == "ja"
    assert seen().language_of(line("出囗", "")) is None


def test_a_release_shows_a_frame_as_the_service_would(release: Release) -> None:
    shown = lines_of(release, seen(EXIT, UNKNOWN, GARBLED))
    assert [(each.english, each.mode) for each in shown] == [("Exit", "automate"), (None, "off"), (None, "off")]


def test_a_frame_without_text_has_no_lines(release: Release) -> None:
    assert lines_of(release, seen()) == ()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle on the disk."""
    root = tmp_path_factory.mktemp("bundle")
    manifest = Manifest(
        application="signs", options={}, created=datetime(2026, 5, 1, tzinfo=UTC), sequence=1, parts=parts(), files=(),
        feature_set="f", code="", data={}, windows={}, seed=0, environment={}, evaluation={},
    )  # fmt: skip
    files = {f"parts/{name}/model.onnx": graph for name, graph in models().items()}
    files |= {f"tables/{name}": content for name, content in tables().items()}
    files |= {"golden.json": msgspec.json.encode(Golden(START, (), {}, {}, {})), "card.md": b"# Colours\n"}
    return root / write(root, manifest, files, Signer(root / "key"))


def test_a_release_is_opened_from_its_folder_and_reads(folder: Path) -> None:
    release = opened(folder)
    assert release.digest == folder.name
    assert [each.english for each in lines_of(release, seen(EXIT))] == ["Exit"]


def test_frames_on_which_releases_differ_come_first_each_by_both(
    folder: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    shy = replace(release, digest="shy", parts={**release.parts, "confidence": Never()})
    monkeypatch.setattr(stories, "PICTURES", 1)
    monkeypatch.setattr(stories, "opened", {"first": shy, "last": release}.__getitem__)
    frames = [(seen(UNKNOWN), ()), (seen(EXIT, regime="night"), ()), (seen(), ())]
    first, last = pictures(frames, {"never_updated": "first", "kept": "last"})  # type: ignore[dict-item]
    assert (first.caption, last.caption) == ("first release, night", "last release, night")
    assert ("not translated (off)" in first.alt, "Exit (automate)" in last.alt) == (True, True)


class Never:
    """A model that is never sure."""

    features = ()

    def predict(self, rows: Mapping[str, Floats]) -> Floats:
        return np.zeros(len(rows["mean_score"]))


def test_the_report_has_its_sections_in_order(folder: Path) -> None:
    folders = {"never_updated": folder, "kept": folder}
    made = sections([(seen(EXIT), (line("出口", "why"),))], Counter({("ja", "ja"): 1}), folders)
    assert [each.title for each in made] == [
        "Frames, before and after",
        "What was not shown",
        "Languages taken for each other",
    ]
    assert len(made[0].pictures) == 2
