"""The container image: its file is read and its steps are run as far as they go without a container engine.

Not shown here: that the base image and its Debian package can be fetched, and that an engine builds and runs it.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from afield.cli import VERBS, run
from afield.commands.serve import counts
from scripts import image
from tests.workshop.village import copied

ROOT = Path(__file__).parent.parent.parent
Step = tuple[str, str]


def steps() -> list[list[Step]]:
    """The instructions of each stage, lines joined, comments left out."""
    lines = [line for line in (ROOT / "Containerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stages: list[list[Step]] = []
    for line in filter(None, joined.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest.strip()))
    return stages


def only(stage: list[Step], word: str) -> str:
    (found,) = [rest for each, rest in stage if each == word]
    return found


def words(stage: list[Step], word: str) -> list[str]:
    """An instruction in the form of a list."""
    return json.loads(only(stage, word).partition("CMD ")[2] if word == "HEALTHCHECK" else only(stage, word))


def environment(stage: list[Step]) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(only(stage, "ENV")))


def test_the_image_is_made_in_two_stages_from_one_base_and_the_last_brings_no_build_tool() -> None:
    build, final = steps()
    assert only(build, "FROM").removesuffix(" AS build") == only(final, "FROM")
    assert re.search(r":3\.\d+-slim-\w+$", only(final, "FROM"))
    assert not [rest for word, rest in final if word == "RUN" and re.search(r"pip|curl|wget|gcc", rest)]


def test_every_package_is_pinned_and_hashed_by_the_lock() -> None:
    build, _ = steps()
    installs = [rest for word, rest in build if word == "RUN" and "pip install" in rest]
    assert "--require-hashes --requirement /build/requirements.image.lock" in installs[0]
    assert all("--no-deps" in each and "--no-index" in each for each in installs[1:])
    lock, whole = (ROOT / name for name in ("requirements.image.lock", "requirements.lock"))
    assert lock.read_text() == image.image_lock(whole.read_text()), "run: .venv/bin/python -m scripts.image"
    for name, block in image.blocks(lock.read_text()).items():
        assert block == image.blocks(whole.read_text())[name]
        assert "==" in block.partition("\n")[0]
        assert "--hash=sha256:" in block


def test_the_python_of_the_image_finds_one_version_of_each_package() -> None:
    _, final = steps()
    (version,) = re.findall(r":(3\.\d+)-slim", only(final, "FROM"))
    python = {"python_version": version, "python_full_version": f"{version}.9"}
    for name, block in image.blocks((ROOT / "requirements.image.lock").read_text()).items():
        pinned = [Requirement(line.partition("\\")[0]) for line in block.splitlines() if "==" in line]
        assert len([each for each in pinned if each.marker is None or each.marker.evaluate(python)]) == 1, name


def test_the_image_holds_what_serves_and_nothing_that_tests() -> None:
    names = set(image.blocks((ROOT / "requirements.image.lock").read_text()))
    assert {"polars", "onnxruntime", "lightgbm", "uvloop", "httptools", "valkey", "holidays", "rapidocr"} <= names
    assert not names & {"pytest", "hypothesis", "ray", "moto", "mlflow-skinny", "ruff", "mypy"}


def test_what_is_copied_exists_and_is_all_that_the_builder_is_given() -> None:
    build, _ = steps()
    named = [name for word, rest in build if word == "COPY" for name in rest.split()[:-1]]
    assert all((ROOT / name).exists() for name in named)
    ignored = [line for line in (ROOT / ".containerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored[0] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == {*named, "Containerfile"}
    for secret in (".afield", ".git", ".venv", "tests"):
        assert not any(fnmatch.fnmatch(secret, line[1:]) for line in ignored if line.startswith("!"))


def test_it_runs_as_nobody_special_and_writes_in_one_place() -> None:
    _, final = steps()
    assert [word for word, _ in final].index("USER") > max(n for n, step in enumerate(final) if step[0] == "RUN")
    assert only(final, "USER") == "10001:10001"
    assert "--uid 10001" in only(final, "RUN")
    assert json.loads(only(final, "VOLUME")) == [only(final, "WORKDIR")] == [environment(final)["AFIELD_HOME"]]
    assert environment(final)["PYTHONDONTWRITEBYTECODE"] == "1"
    assert only(final, "STOPSIGNAL") == "SIGTERM"


def test_what_it_starts_is_a_verb_with_options_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    _, final = steps()
    assert words(final, "ENTRYPOINT") == ["afield"]
    verb, app, *options = words(final, "CMD")
    assert run([verb, app, "--help"], VERBS) == 0
    said = capsys.readouterr().out
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert all(option in said for option in given)
    assert counts(given["--workers"])[0] == 1


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Afield and its applications installed from what the builder is given, as the last step of the first stage."""
    build, _ = steps()
    context, target = tmp_path / "build", tmp_path / "opt"
    ignore = shutil.ignore_patterns("__pycache__", "node_modules", "tests")
    for word, rest in build:
        for name in rest.split()[:-1] if word == "COPY" else ():
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, context / name, ignore=ignore)
            else:
                context.mkdir(exist_ok=True)
                shutil.copy(source, context / name)
    (command,) = [rest for word, rest in build if word == "RUN" and "--no-index" in rest]
    arguments = shlex.split(command)[1:]
    arguments = [word.replace("/build", str(context)) if word.startswith("/build") else word for word in arguments]
    subprocess.run(
        [sys.executable, *arguments, "--quiet", "--target", str(target)],
        check=True,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    return target


@pytest.fixture
def started(
    installed: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> "Iterator[tuple[subprocess.Popen[bytes], int]]":
    """The image's command with its environment; another port and home."""
    _, final = steps()
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path / "home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {
        **environment(final),
        "AFIELD_HOME": str(opened.home.root),
        "PYTHONPATH": f"{installed}{os.pathsep}{sysconfig.get_path('purelib')}",
    }
    program = [sys.executable, "-c", "from afield.cli import main; main()"]
    token = subprocess.run(
        [*program, "token", "new", "surge", "probe", "--role", "observe"], env=settings, cwd=tmp_path, check=True
    )
    assert token.returncode == 0
    command = [*program, *words(final, "CMD"), "--port", str(port)]
    process = subprocess.Popen(command, env=settings, cwd=tmp_path)
    try:
        yield process, port
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_what_was_installed_serves_is_healthy_and_stops_in_order(
    started: "tuple[subprocess.Popen[bytes], int]",
) -> None:
    process, port = started
    _, final = steps()
    check = [word.replace("8000", str(port)) for word in words(final, "HEALTHCHECK")]
    check[0] = sys.executable
    deadline = time.monotonic() + 60
    while subprocess.run(check, capture_output=True, check=False).returncode:
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert subprocess.run(check, capture_output=True, check=False).returncode != 0
