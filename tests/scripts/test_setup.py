"""Set-up: what it depends on, how it finds the index, and that a bare machine is enough."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import setup


def test_uv_is_given_the_index_that_pip_is_configured_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        "[global]\nindex-url = https://one.invalid/simple\nextra-index-url =\n    https://two.invalid/simple\n"
        "    https://three.invalid/simple\ntimeout = 3\n[install]\nfind-links = /wheels /more\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_INDEX_URL", "https://four.invalid/simple")
    monkeypatch.setattr(sys, "executable", base_python())
    settings = setup.uv_settings()
    assert settings["UV_DEFAULT_INDEX"] == "https://four.invalid/simple"
    assert settings["UV_INDEX"] == "https://two.invalid/simple https://three.invalid/simple"
    assert settings["UV_FIND_LINKS"] == "/wheels,/more"
    assert settings["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_a_change_of_the_lock_or_of_a_project_asks_for_a_new_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text("first")
    monkeypatch.setattr(setup, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(setup, "PROJECTS", (tmp_path,))
    seen = {setup.digest(), setup.digest()}
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text("second")
        seen.add(setup.digest())
    assert len(seen) == 3


def test_the_lock_is_hashed_and_names_no_index_and_not_afield(root: Path) -> None:
    lines = (root / "requirements.lock").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert len(packages) > 50
    assert all(line.endswith("\\") for line in packages), "each package is followed by its hashes"
    assert not [line for line in lines if "://" in line or line.startswith(("-", "afield"))]
    assert any(line.startswith("holidays==") for line in packages)


def test_what_it_does_and_how_much_it_brings_is_said_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr(setup, "run", lambda *_, **__: said.append(capsys.readouterr().err))
    monkeypatch.setattr(setup, "uv_settings", dict)
    setup.install()
    assert re.search(
        r"installing the \d{2,3} packages of requirements.lock with (pip|uv); .* \d{3} MB to download", said[0]
    )


@pytest.mark.slow
def test_a_bare_machine_gets_a_demo_and_its_tests(root: Path, tmp_path: Path) -> None:
    clone, hidden = tmp_path / "afield", tmp_path / "hidden"
    copy_tracked(root, clone)
    environment = bare(hidden, tmp_path / "home")
    make = ["make", f"PYTHON={base_python()}"]
    demo = subprocess.run([*make, "demo"], cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stdout[-4000:] + demo.stderr[-4000:]
    assert (clone / ".tools" / "virtualenv").is_dir(), "the environment was not made by virtualenv"
    taken = re.search(r"\.venv takes (\d+) MB", demo.stderr)
    assert taken is not None
    assert int(taken[1]) == pytest.approx(setup.DISK, rel=0.2), "say what it takes now in scripts/setup.py"
    page = clone / "report" / "report.html"
    assert page.stat().st_size > 10_000
    said = demo.stdout + demo.stderr + page.read_text("utf-8")
    assert "scikit-learn" in said, "nobody says that scikit-learn stands in for LightGBM"
    assert (clone / "report" / "report.json").exists()
    environment["PYTEST_ADDOPTS"] = "-k version_is_printed"
    tests = subprocess.run([*make, "test"], cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert tests.returncode == 0, tests.stdout[-4000:] + tests.stderr[-4000:]


def bare(hidden: Path, home: Path) -> dict[str, str]:
    """An environment without uv, without the venv module, without libgomp, and with an empty home."""
    home.mkdir()
    hidden.mkdir()
    for name in ("venv.py", "ensurepip.py"):
        (hidden / name).write_text("raise ImportError('hidden')\n")
    (hidden / "libgomp.so.1").write_text("hidden\n")
    dropped = {
        "VIRTUAL_ENV",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "AFIELD_HOME",
        "PYTEST_ADDOPTS",
        "PYTEST_XDIST_WORKER",
    }
    folders = os.environ["PATH"].split(os.pathsep)
    return {
        **{name: value for name, value in os.environ.items() if name not in dropped and not name.startswith("UV_")},
        "PATH": os.pathsep.join(folder for folder in folders if not (Path(folder) / "uv").exists()),
        "HOME": str(home),
        "PYTHONPATH": str(hidden),
        "LD_LIBRARY_PATH": str(hidden),
    }


def base_python() -> str:
    """The interpreter that the environment was made from; the test is skipped where it has no pip."""
    python = str(Path(sys.base_prefix) / "bin" / "python3")
    if not setup.works(python, "import pip"):
        pytest.skip(f"{python} has no pip")
    return python


def copy_tracked(root: Path, folder: Path) -> None:
    """Copy the files that the repository tracks, as they stand now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a clone: the tracked files are not known")
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
