"""Build steps: made once per content key, whole or absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from afield.errors import StoreError
from afield.store.steps import Steps


class Making:
    """A step that counts how often it was made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        (folder / "sub").mkdir()
        (folder / "sub" / "out").write_text(str(self.times))


def test_a_step_with_the_same_inputs_is_made_once(tmp_path: Path) -> None:
    told: list[tuple[str, bool]] = []
    steps, make = Steps(tmp_path, lambda name, fresh: told.append((name, fresh))), Making()
    first = steps.run("clean", {"data": "d1", "slot": "15m"}, make)
    second = steps.run("clean", {"slot": "15m", "data": "d1"}, make)
    later = Steps(tmp_path, lambda name, fresh: told.append((name, fresh))).run(
        "clean", {"slot": "15m", "data": "d1"}, make
    )
    assert first == second == later
    assert (second / "sub" / "out").read_text() == "1"
    assert told == [("clean", True), ("clean", False)]  # once for each run of a build


@pytest.mark.parametrize(
    ("name", "inputs"), [("features", {"a": "b"}), ("clean", {"a": "c"}), ("clean", {"ab": ""}), ("clean", {})]
)
def test_another_name_or_input_is_another_step(tmp_path: Path, name: str, inputs: dict[str, str]) -> None:
    steps, make = Steps(tmp_path), Making()
    assert steps.run("clean", {"a": "b"}, make) != steps.run(name, inputs, make)
    assert make.times == 2


def test_a_step_that_fails_leaves_nothing_and_is_made_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise KeyboardInterrupt

    steps, make = Steps(tmp_path), Making()
    with pytest.raises(KeyboardInterrupt):
        steps.run("clean", {}, fail)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (steps.run("clean", {}, make) / "sub" / "out").exists()


def test_what_a_killed_build_left_half_made_is_never_seen_and_removed(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from afield.store.steps import Steps\n"
        "def make(folder): (folder / 'half').write_text(''); os.kill(os.getpid(), 9)\n"
        "Steps(pathlib.Path(sys.argv[1])).run('clean', {}, make)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    assert list((tmp_path / "clean").glob(".*.partial"))
    outputs = Steps(tmp_path).run("clean", {}, Making())
    assert not (outputs / "half").exists()
    assert list((tmp_path / "clean").iterdir()) == [outputs]


def test_of_each_step_the_outputs_last_used_stay(tmp_path: Path) -> None:
    make = Making()

    def run(version: int, name: str = "clean") -> Path:
        return Steps(tmp_path, keep=3).run(name, {"version": str(version)}, make)

    other, outputs = run(0, "other"), [run(version) for version in range(3)]
    for age, path in enumerate(outputs):
        os.utime(path, ns=(age, age))
    assert run(0) == outputs[0]
    new = run(3)
    assert {*(tmp_path / "clean").iterdir()} == {outputs[0], outputs[2], new}
    assert other.is_dir()


def test_outputs_in_use_stay_however_many(tmp_path: Path) -> None:
    steps = Steps(tmp_path, keep=1)
    outputs = [steps.run("clean", {"version": str(version)}, Making()) for version in range(3)]
    assert {*(tmp_path / "clean").iterdir()} == {*outputs}


def test_where_two_make_the_same_step_the_first_stays(tmp_path: Path) -> None:
    steps, inner = Steps(tmp_path), Making()

    def make(folder: Path) -> None:
        (folder / "late").write_text("")
        # Another process, whose folder bears another number, finishes meanwhile.
        folder.rename(folder.with_name(".aside"))
        steps.run("clean", {}, inner)
        folder.with_name(".aside").rename(folder)

    outputs = steps.run("clean", {}, make)
    assert (outputs / "sub" / "out").read_text() == "1"
    assert not (outputs / "late").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Steps(tmp_path / "file").run("clean", {}, Making())
