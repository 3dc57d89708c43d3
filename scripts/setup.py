"""Make .venv: the locked dependencies, Afield and its applications; nothing is done where nothing changed.

Needs only Python 3.11 or newer with pip, and the package index that pip is configured for. The
environment is made by `venv`, or, where that is not installed, by `virtualenv` brought into .tools.
Packages are installed by uv where it is on the path, else by pip. An interrupted run is taken up again.
"""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".afield-setup"
TOOLS = ROOT / ".tools"
LOCK = ROOT / "requirements.lock"
PROJECTS = (ROOT, *sorted(path.parent for path in ROOT.glob("apps/*/pyproject.toml")))
# Megabytes that a first set-up brings and takes; a slow test holds DISK against what it takes.
DOWNLOAD, DISK = 780, 2900
UNSUPPORTED = sys.version_info < (3, 11)


def main() -> None:
    """Set up, and say how long it took and how large it is."""
    if UNSUPPORTED:
        sys.exit(f"Afield needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.11")
    wanted = digest()
    if STAMP.is_file() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    started = time.monotonic()
    STAMP.unlink(missing_ok=True)
    if not works(PYTHON, "import pip"):
        make_environment()
    install()
    compile_all()
    run(PYTHON, "-c", "import afield.cli")
    STAMP.write_text(wanted)
    say(f"setup: done in {time.monotonic() - started:.0f} s; .venv takes {megabytes(VENV):.0f} MB")


def digest() -> str:
    """What the environment depends on, as one SHA-256: the lock, the projects and the place."""
    total = hashlib.sha256(bytes(ROOT))
    for path in (LOCK, *(project / "pyproject.toml" for project in PROJECTS)):
        total.update(path.read_bytes())
    return total.hexdigest()


def make_environment() -> None:
    """Make .venv anew, by venv or else by virtualenv."""
    if works(sys.executable, "import venv, ensurepip"):
        say("setup: making .venv with venv")
        run(sys.executable, "-m", "venv", "--clear", VENV)
        return
    say("setup: the venv module is not installed; bringing virtualenv into .tools")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", TOOLS, "virtualenv")
    run(sys.executable, "-m", "virtualenv", "--quiet", "--clear", VENV, PYTHONPATH=str(TOOLS))


def install() -> None:
    """Install the lock by its hashes, then the projects in place, without asking the index for anything else."""
    uv = shutil.which("uv")
    installer: tuple[str | Path, ...]
    if uv:
        installer = (uv, "pip", "install", "--python", PYTHON)
        settings = uv_settings()
    else:
        installer = (PYTHON, "-m", "pip", "install", "--disable-pip-version-check")
        settings = {}
    if not sys.stderr.isatty():
        installer = (*installer, "--quiet")
    projects = [argument for project in PROJECTS for argument in ("--editable", project)]
    count = sum(line.endswith("\\") and not line.startswith(" ") for line in LOCK.read_text().splitlines())
    say(
        f"setup: installing the {count} packages of {LOCK.name} with {'uv' if uv else 'pip'}; the first time about "
        f"{DOWNLOAD} MB to download and {DISK} MB on disk, which takes minutes"
    )
    # The lock names every package: pip would otherwise ask for a newer one where a requirement names an extra.
    run(*installer, "--no-deps", "--require-hashes", "--requirement", LOCK, **settings)
    run(*installer, "--no-deps", "--no-build-isolation", *projects, **settings)


def compile_all() -> None:
    """Compile what was installed to bytecode, as pip does and uv does not: a worker then starts twice as fast."""
    folders = (VENV / "lib", *(project / "src" for project in PROJECTS[:1]), *PROJECTS[1:])
    command = [str(PYTHON), "-m", "compileall", "-qq", "-j", "0", *map(str, folders)]
    subprocess.run(command, check=False)  # noqa: S603 - templates in packages that are no Python do not compile


def uv_settings() -> dict[str, str]:
    """The index that pip is configured for, as uv's environment variables."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    found: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        scope, _, option = name.rpartition(".")
        if scope in ("global", "install", ":env:") and (option not in found or scope != "global"):
            found[option] = " ".join(str(ast.literal_eval(value)).split())
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "trusted-host": "UV_INSECURE_HOST",
        "cert": "SSL_CERT_FILE",
    }
    settings = {names[option]: value for option, value in found.items() if option in names}
    if "UV_FIND_LINKS" in settings:
        settings["UV_FIND_LINKS"] = settings["UV_FIND_LINKS"].replace(" ", ",")
    return {**settings, "UV_INDEX_STRATEGY": "unsafe-best-match"} if settings else {}


def works(python: str | Path, program: str) -> bool:
    """Whether this interpreter runs this program."""
    if not Path(python).exists():
        return False
    done = subprocess.run(  # noqa: S603 - our own interpreter and fixed words
        [str(python), "-c", program], capture_output=True, check=False
    )
    return done.returncode == 0


def run(*command: str | Path, **environment: str) -> None:
    """Run a command with these additions to the environment; leave, saying so, where it fails."""
    done = subprocess.run(  # noqa: S603 - commands are made in this file
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore", **environment},
        check=False,
    )
    if done.returncode:
        sys.exit(
            f"setup: {Path(command[0]).name} failed ({done.returncode}), see above; `make setup` goes on from here"
        )


def megabytes(folder: Path) -> float:
    """Size of a folder's files in megabytes."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def say(message: str) -> None:
    """Say on stderr what is happening."""
    sys.stderr.write(f"{message}\n")


if __name__ == "__main__":
    main()
