"""Write requirements.image.lock anew: the part of requirements.lock that a container image needs, hashes and all.

The lock also holds what tests, benchmarks and documentation need. What the image needs is followed from the
requirements of Afield, its applications and their extras through the packages that are installed in .venv.
"""

import re
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.setup import LOCK, ROOT, say

IMAGE = ROOT / "requirements.image.lock"
NEEDED = ("afield[otlp,valkey]", "afield-surge", "afield-signs", "hatchling")
OWN = ("afield", "afield-surge", "afield-signs")


def main() -> None:
    """Write the image's lock."""
    text = image_lock(LOCK.read_text("utf-8"))
    IMAGE.write_text(text, "utf-8")
    say(f"{IMAGE.name}: {len(blocks(text))} packages of {LOCK.name}")


def image_lock(lock: str) -> str:
    """The blocks of a lock that the image needs, in their order."""
    wanted = needed()
    return "".join(block for name, block in blocks(lock).items() if name in wanted)


def blocks(lock: str) -> dict[str, str]:
    """Package → its lines in a lock: the pinned version and the hashes, one after another where Pythons differ."""
    found: dict[str, str] = {}
    for block in re.findall(r"^(?:[A-Za-z0-9].*\\\n(?: +.*\n?)+)", lock, flags=re.MULTILINE):
        name = canonicalize_name(Requirement(block.partition("\\")[0]).name)
        found[name] = found.get(name, "") + block
    return found


def needed() -> set[str]:
    """The packages that an image needs, on Linux."""
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in NEEDED]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        fresh = [extra for extra in ("", *sorted(wanted.extras)) if (name, extra) not in seen]
        seen.update((name, extra) for extra in fresh)
        waiting += [each for each in map(Requirement, requires(name) or ()) if _applies(each, fresh)]
    return {name for name, _ in seen} - set(OWN)


def _applies(requirement: Requirement, extras: list[str]) -> bool:
    """Whether a requirement is one on this system, with any of these extras."""
    return any(requirement.marker is None or requirement.marker.evaluate({"extra": extra}) for extra in extras)


if __name__ == "__main__":
    main()
