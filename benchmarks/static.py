"""Compiled products: what a process that holds nothing else takes in memory and processor, and what an answer takes.

Surge's table, and signs' edition for glasses beside the whole release, on frames of 640 by 480. Processor seconds an
answer are the proxy of energy. `python -m benchmarks.static [--home FOLDER] [--data FOLDER] [--json]`: the champions of
a home are compiled (default: AFIELD_HOME, else .afield); the data are a folder of pictures.
"""

import json
import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import msgspec

from afield.application import load
from afield.compiled import BUNDLES, TRUSTED
from afield.control.office import Office, open_office
from afield.data.fingerprint import fingerprint
from afield.exchange.compiling import compile_release
from afield.exchange.writing import write_folder
from benchmarks.measure import Result, show

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "signs"
WIDE, HIGH = 640, 480
ASKED = 2000


def main() -> None:
    """Measure and print."""
    home = Path(_option("--home", os.environ.get("AFIELD_HOME", ".afield")))
    data = Path(_option("--data", str(SHARED)))
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        show([*_surge(home, folder), *_signs(home, data, folder)], fingerprint(sorted(folder.rglob("*.jpg"))))


def _surge(home: Path, folder: Path) -> list[Result]:
    """What the table takes."""
    office = _office(home, "surge")
    if office is None:
        sys.stderr.write(f"surge: not measured; there is no champion in {home}, build one or give --home FOLDER\n")
        return []
    product = folder / "surge"
    write_folder(product, compile_release(office, office.actions.state.champion))
    bodies = folder / "surge.json"
    at = datetime(2024, 4, 2, 18)
    key = office.busiest()
    bodies.write_bytes(
        msgspec.json.encode([office.operate.asked.sample(at + timedelta(seconds=each), key) for each in range(ASKED)])
    )
    found = _child("surge", product, bodies)
    return [
        Result("surge table: peak memory", found["peak"] / 2**20, "MiB", "no other design", None),
        Result("surge table: opened", found["opened"], "s", "no other design", None),
        Result("surge table: an answer, median", found["median"] * 1e6, "µs", "no other design", None),
        Result(
            "surge table: an answer, 99th percentile",
            found["late"] * 1e3,
            "ms",
            "no other design",
            None,
            "<= 1 ms",
            found["late"] <= 1e-3,
        ),
    ]


def _signs(home: Path, data: Path, folder: Path) -> list[Result]:
    """What the edition for glasses takes, beside the whole release."""
    office = _office(home, "signs")
    if office is None or not data.is_dir():
        sys.stderr.write(f"signs: not measured; there is no champion in {home}, or no pictures at {data}\n")
        return []
    digest, budget = office.actions.state.champion, office.operate.designs.static
    write_folder(folder / "glasses", compile_release(office, digest))
    bundle = office.shelf.bundle(digest)
    whole = {f"{BUNDLES}/{digest}/{each.name}": bundle.read(each.name) for each in bundle.manifest.files}
    whole |= {
        f"{BUNDLES}/{digest}/{name}": (bundle.folder / name).read_bytes()
        for name in ("manifest.json", "signature.json")
    }
    whole |= {f"{TRUSTED}/{key.name}": key.read_bytes() for key in office.home.trusted.iterdir()}
    write_folder(folder / "whole", whole)
    bodies = folder / "signs.json"
    bodies.write_bytes(msgspec.json.encode(_frames(data, folder)))
    slim, full = _child("signs", folder / "glasses", bodies), _child("signs", folder / "whole", bodies)
    memory, seconds = budget.memory / 2**20, budget.seconds
    return [
        Result(
            "signs for glasses: peak memory",
            slim["peak"] / 2**20,
            "MiB",
            "the whole release",
            slim["peak"] / full["peak"],
            f"<= {memory:.0f} MiB",
            slim["peak"] <= budget.memory,
        ),
        Result(
            "signs for glasses: processor a frame",
            slim["mean"],
            "s",
            "the whole release",
            slim["mean"] / full["mean"],
            f"<= {seconds:g} s",
            slim["mean"] <= seconds,
        ),
        Result(
            "signs for glasses: size", slim["bytes"] / 2**20, "MiB", "the whole release", slim["bytes"] / full["bytes"]
        ),
    ]


def _office(home: Path, name: str) -> Office | None:
    """The application, where the home has a champion of it."""
    office = open_office(load(name), home, _say)
    return office if office.home.bundles.is_dir() and office.actions.state.champion else None


def _say(message: str) -> None:
    sys.stderr.write(f"  {message}\n")


def _frames(data: Path, folder: Path) -> list[str]:
    """Requests with each picture, made small enough for the camera of glasses."""
    found = []
    for file in sorted(each for each in data.iterdir() if each.suffix in (".jpg", ".png")):
        picture = cv2.imread(str(file))
        if picture is None:
            continue
        height, width = picture.shape[:2]
        scale = min(WIDE / width, HIGH / height)
        small = cv2.resize(picture, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_AREA)
        frame = folder / f"{file.stem}.jpg"
        cv2.imwrite(str(frame), small)
        image = b64encode(frame.read_bytes()).decode()
        found.append(json.dumps({"device": "glasses", "image": image, "at": "2026-05-01T10:00:00"}))
    return found


def _child(app: str, product: Path, bodies: Path) -> dict[str, float]:
    """What a process of its own measures of itself."""
    command = [sys.executable, "-m", "benchmarks.static_product", app, str(product), str(bodies)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own interpreter
    found: dict[str, float] = json.loads(done.stdout)
    found["bytes"] = float(sum(each.stat().st_size for each in product.rglob("*") if each.is_file()))
    return found


def _option(name: str, default: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


if __name__ == "__main__":
    main()
