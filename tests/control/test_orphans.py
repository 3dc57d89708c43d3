"""Data planes that a killed supervisor left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from afield.control.orphans import end, lives, running_with

SLEEPER = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.{how}); print(flush=True); time.sleep(60)"


@pytest.fixture
def sleeper(request: pytest.FixtureRequest, tmp_path: Path):
    """A process that looks like a worker of the configuration in `tmp_path`, and waits."""
    config = tmp_path / "service.json"
    package = tmp_path / "afield"
    package.mkdir()
    (package / "__init__.py").touch()
    program, how = request.param
    (package / f"{program}.py").write_text(SLEEPER.format(how=how))
    process = subprocess.Popen(
        [sys.executable, "-m", f"afield.{program}", str(config)], cwd=tmp_path, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    yield process, config
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("sleeper", [("worker", "SIG_DFL"), ("device", "SIG_DFL")], indirect=True)
def test_workers_are_found_by_their_own_configuration_only(sleeper: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, config = sleeper
    assert running_with(config) == (process.pid,)
    assert running_with(config.with_name("other.json")) == ()


@pytest.mark.parametrize("sleeper", [("worker", "SIG_DFL"), ("worker", "SIG_IGN")], indirect=True)
def test_an_orphan_is_ended_and_killed_where_it_does_not_listen(
    sleeper: tuple[subprocess.Popen[bytes], Path],
) -> None:
    process, config = sleeper
    end(process.pid, patience=0.2)
    assert not lives(process.pid)
    assert process.wait() in (-signal.SIGTERM, -signal.SIGKILL)
    assert running_with(config) == ()


def test_a_process_that_is_gone_is_ended_already() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    end(gone.pid)
    assert not lives(gone.pid)
