"""Run every benchmark of benchmarks/ in turn; arguments are handed on to each."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the benchmarks; fails if one of them does."""
    failed = []
    for path in sorted(ROOT.glob("benchmarks/*.py")):
        if "def main(" in path.read_text():
            sys.stdout.write(f"# {path.stem}\n")
            sys.stdout.flush()
            command = [sys.executable, "-m", f"benchmarks.{path.stem}", *sys.argv[1:]]
            done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - our own interpreter and modules
            failed += [path.stem] if done.returncode else []
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
