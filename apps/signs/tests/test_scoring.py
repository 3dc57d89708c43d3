"""`afield evaluate signs`: what it says of a folder, and of what is wrong with it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from afield.cli import VERBS, run
from afield.errors import DataError, ReleaseError, UsageError
from afield.evaluation.texts import rate
from afield.serving.releases import Release
from apps.signs.tests.colours import COLOURS, GARBLED, picture, png
from signs import scoring
from signs.concluding import kit_of
from signs.evaluating import Evaluation, Scores
from signs.frames import decode
from signs.scoring import Shown, champion, score

EXIT, BOARDING, INJECTION, UNKNOWN = COLOURS
Spoken = tuple[int, str, str]
Speak = Callable[..., Spoken]


@pytest.fixture
def afield(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Speak:
    """The command line on an empty home, in which nothing may be built."""

    def forbidden(*_: object) -> None:
        raise AssertionError("a release is built")

    def speak(*arguments: object) -> Spoken:
        capsys.readouterr()
        code = run([str(each) for each in arguments], VERBS)
        spoken = capsys.readouterr()
        return code, spoken.out, spoken.err

    monkeypatch.setenv("AFIELD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(scoring, "build", forbidden)
    return speak


def folder(path: Path, *rows: dict[str, object]) -> Path:
    path.mkdir(exist_ok=True)
    (path / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_without_a_folder_it_asks_for_one(afield: Speak) -> None:
    code, out, err = afield("evaluate", "signs")
    assert (code, out) == (2, "")
    assert "--data DIR" in err


def test_a_folder_without_truth_is_refused_before_anything_is_built(afield: Speak, tmp_path: Path) -> None:
    code, _, err = afield("evaluate", "signs", "--data", tmp_path / "nowhere", "--json")
    assert code == 1
    assert "truth.jsonl" in err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no rows"),
        (b"{\n", "line 1"),
        (b'{"file": "a.png", "lines": []}\n{"file": "b.png"}', "line 2"),
        (b'{"file": "../../etc/passwd", "lines": []}', "not the name of a file in this folder"),
        (b"\x89PNG\r\n", "line 1"),
    ],
)
def test_a_bad_truth_file_is_named_with_its_line_before_anything_is_built(
    afield: Speak, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "truth.jsonl").write_bytes(content)
    code, out, err = afield("evaluate", "signs", "--data", tmp_path, "--json")
    assert (code, out) == (1, "")
    assert "truth.jsonl" in err
    assert words in err


def test_a_release_that_is_not_there_is_told(afield: Speak, tmp_path: Path) -> None:
    data = folder(tmp_path / "data", {"file": "a.png", "lines": []})
    code, _, err = afield("evaluate", "signs", "--data", data, "--release", "abc")
    assert code == 2
    assert "abc" in err


@dataclass
class Home:
    bundles: Path


class Shelf:
    def __init__(self, release: Release) -> None:
        self.release = lambda _: release


@dataclass
class State:
    champion: str


@dataclass
class Actions:
    state: State


class Office:
    """An office with one release."""

    def __init__(self, release: Release, live: str = "colours") -> None:
        self.home, self.shelf, self.actions = Home(Path()), Shelf(release), Actions(State(live))
        self.plan = None
        self.registered: list[bool] = []

    def bench(self) -> None:
        return None

    def register(self, built: object, *, promote: bool) -> None:
        self.registered.append(promote)
        if built.passed:  # type: ignore[attr-defined]
            self.actions.state.champion = "built"


def test_a_folder_is_scored_with_the_champion(release: Release, tmp_path: Path) -> None:
    rows = [
        {"file": "a.png", "lang": "ja", "lines": ["出口", "のりば"], "accepted": [["Exit"], ["Platform"]]},
        {"file": "b.png", "lang": "zh", "lines": ["龘龘靐龘"], "kind": "synthetic"},
    ]
    data = folder(tmp_path / "data", *rows)
    (data / "a.png").write_bytes(png(picture(EXIT, BOARDING)))
    (data / "b.png").write_bytes(png(picture(UNKNOWN)))
    record, table = score(Office(release), "", data, lambda _: None)  # type: ignore[arg-type]
    assert (record["release"], record["data"]) == ("colours", str(data))
    assert (record["lines"], record["lines_exact"], record["unreadable"]) == (3, 2, 0)
    assert record["cer"] == pytest.approx(1 / 9)
    assert record["translation"] == {"shown": 2, "right": 1, "wrong": 1, "abstained": 1}
    assert set(record["by_script"]) == {"han", "kana"}  # type: ignore[call-overload]
    assert table.row_count == 3
    json.dumps(record)


def test_the_table_breaks_no_word_at_80_columns() -> None:
    rates = {"cer": rate(1234, 18052)}
    whole = Scores(0.0684, 18052, 1234, 1234, 1042, 12, {}, {"right": 480, "wrong": 25, "abstained": 729}, rates)
    told = io.StringIO()
    folder = Path("somewhere") / "where the path is long" / "pictures"
    Console(file=told, width=80).print(scoring._table(Evaluation(whole, whole, whole), "0123456789abcdef", folder))
    words = told.getvalue().split()
    for word in ("photos", "rendered", "errors", "exact", "6.8", "6.5–7.2", "18052", "1042", "480", "729"):
        assert word in words
    assert max(map(len, told.getvalue().splitlines())) <= 80


def test_a_window_or_a_slice_is_refused_for_there_is_no_time_axis(afield: Speak, tmp_path: Path) -> None:
    for option in (("--zones", "top10"), ("--from", "2026-01-01"), ("--to", "2026-01-01")):
        code, out, err = afield("evaluate", "signs", "--data", tmp_path, *option)
        assert (code, out) == (2, "")
        assert "the data of signs have no time axis and no zones" in err


def test_a_picture_that_cannot_be_read_is_named(release: Release, tmp_path: Path) -> None:
    data = folder(tmp_path / "data", {"file": "a.png", "lines": []})
    (data / "a.png").write_bytes(png(picture(EXIT))[:100])
    with pytest.raises(DataError, match=r"a\.png"):
        score(Office(release), "", data, lambda _: None)  # type: ignore[arg-type]


def test_only_what_is_sure_counts_as_shown(release: Release) -> None:
    frame = decode(png(picture(EXIT, UNKNOWN, GARBLED)))
    lines = kit_of(release).reader.read(frame)
    assert Shown(release)(frame, lines) == ["Exit", None, None]
    doubting = {**release.parts, "confidence": Half()}
    assert Shown(Release("doubt", doubting, kit=release.kit))(frame, lines) == [None, None, None]  # type: ignore[arg-type]


def test_nothing_is_shown_of_no_lines(release: Release) -> None:
    assert Shown(release)(decode(png(picture())), ()) == []


class Half:
    """A model that is half sure."""

    features = ()

    def predict(self, rows: dict[str, np.ndarray]) -> np.ndarray:
        return np.full(len(rows["mean_score"]), 0.5)


@dataclass
class Verdict:
    gate: str
    passed: bool
    reason: str


@dataclass
class Built:
    passed: bool
    failed: str = ""


def test_the_first_release_is_built_once(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    office, told = Office(release, live=""), list[str]()
    monkeypatch.setattr(scoring, "build", lambda *_: Built(passed=True))
    assert champion(office, told.append) == "built"  # type: ignore[arg-type]
    assert champion(office, told.append) == "built"  # type: ignore[arg-type]
    assert (office.registered, len(told)) == ([True], 1)


def test_a_first_release_that_fails_its_gates_is_told_with_what_failed(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = Built(passed=False, failed="precision_of_shown: 0.9; at least 0.95")
    monkeypatch.setattr(scoring, "build", lambda *_: built)
    with pytest.raises(ReleaseError, match=r"gates: precision_of_shown: 0\.9; at least 0\.95$"):
        champion(Office(release, live=""), lambda _: None)  # type: ignore[arg-type]


def test_a_folder_is_needed_whatever_the_release(release: Release) -> None:
    with pytest.raises(UsageError, match="which pictures"):
        score(Office(release), "colours", None, lambda _: None)  # type: ignore[arg-type]
