"""The thin wheel alone in a bare environment: what a vehicle or a kiosk installs."""

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from afield.testing.stand import Stand
from scripts.thin_wheel import NEEDS, build
from tests.client.upstream import Server

PROGRAM = """
import json, sys
from pathlib import Path
from afield.application import load
from afield.client.client import Client

client = Client(load("afield.testing.toy:toy"), Path(sys.argv[1]), sys.argv[2], trusted=Path(sys.argv[3]))
client.synchronise()
answer = client.ask(b'{"shop": "east", "at": "2026-03-02T09:10:00"}')
client.synchronise()
standing = client.standing()
client.stop()
heavy = {"polars", "deltalake", "sqlalchemy", "lightgbm", "sklearn", "scipy", "onnx"} & set(sys.modules)
print(json.dumps([answer.release, answer.output, standing.events.delivered, standing.problem, sorted(heavy)]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it says that it needs; nothing else."""
    folder = tmp_path_factory.mktemp("thin")
    wheel = build(folder / "dist", ())
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", folder / "env"], check=True)
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(command, check=True)
    for name in needed(NEEDS):
        link(name, site)
    return folder / "env" / "bin" / "python"


def needed(names: set[str]) -> set[str]:
    """These distributions and what they need in turn, as far as it is installed here."""
    found: set[str] = set()
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        if name not in found:
            found.add(name)
            waiting += [re.split(r"[^\w-]", need)[0] for need in requires if "extra ==" not in need]
    return found


def link(name: str, site: Path) -> None:
    """Let an environment use the files of a distribution that is installed here."""
    for file in {Path(each).parts[0] for each in distribution(name).files or [] if ".." not in Path(each).parts}:
        source, target = Path(str(distribution(name).locate_file(file))), site / file
        if source.exists() and not target.exists() and file != "__pycache__":
            target.symlink_to(source)


@pytest.mark.slow
def test_a_device_with_nothing_but_the_thin_wheel_fetches_answers_and_delivers(python: Path, tmp_path: Path) -> None:
    stand = Stand(tmp_path / "stand")
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    server = Server(stand)

    with server.serving():
        command = [str(python), "-I", "-c", PROGRAM, str(tmp_path / "device"), server.url, str(stand.trusted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [digest, {"forecast": 5.0, "bake": 5.0}, 1, "", []]
    assert len(server.events) == 1


@pytest.mark.slow
def test_the_environment_has_no_data_frames_and_no_learner(python: Path) -> None:
    for name in ("polars", "sqlalchemy", "lightgbm", "onnx"):
        done = subprocess.run([str(python), "-I", "-c", f"import {name}"], capture_output=True, check=False)
        assert done.returncode != 0, name


def test_every_module_of_the_thin_wheel_needs_only_what_it_says() -> None:
    from_here = subprocess.run(
        [sys.executable, "-c", "import sys, afield.client.client; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"polars", "deltalake", "sqlalchemy", "scipy", "sklearn", "granian"} & set(from_here.stdout.split())
