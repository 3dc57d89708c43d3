"""Write requirements.lock anew: hashed, for every platform, free of index addresses; needs uv on the path."""

import shutil
import subprocess
import sys
import tomllib

from scripts.setup import LOCK, PROJECTS, ROOT, say


def main() -> None:
    """Resolve what Afield, its applications and its development need, and write the lock."""
    uv = shutil.which("uv")
    if not uv:
        sys.exit("the lock is made with uv, which is not on the path; `pip install uv` brings it")
    recipe = "pip compile pyproject.toml - --group dev --universal --python-version 3.11 --generate-hashes"
    plain = "--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --output-file"
    subprocess.run(  # noqa: S603 - the command is made here
        [uv, *recipe.split(), *plain.split(), LOCK], input=wanted_by_applications(), text=True, cwd=ROOT, check=True
    )
    say(f"{LOCK.name}: {LOCK.read_text().count('==')} packages")


def wanted_by_applications() -> str:
    """The applications' requirements, one a line, but for Afield itself."""
    lines: set[str] = set()
    for project in PROJECTS[1:]:
        declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"]
        lines.update(line for line in declared if line != "afield")
    return "\n".join(sorted(lines))


if __name__ == "__main__":
    main()
