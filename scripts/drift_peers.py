"""Make an environment for each peer that `benchmarks.drift --peers` measures beside Afield.

Run it with a folder: `python -m scripts.drift_peers /tmp/peers`. None of them is in Afield's lock. NannyML may want an
older Python: name one with `--python /usr/bin/python3.11`.
"""

import subprocess
import sys
from pathlib import Path

PEERS = {"evidently": ("evidently", "pyarrow"), "nannyml": ("nannyml", "pyarrow")}


def main() -> None:
    """Make the environments in the folder that is named."""
    if len(sys.argv) < 2:
        sys.exit("name a folder: python -m scripts.drift_peers /tmp/peers [--python PATH]")
    folder = Path(sys.argv[1])
    python = sys.argv[sys.argv.index("--python") + 1] if "--python" in sys.argv else sys.executable
    for name, packages in PEERS.items():
        sys.stderr.write(f"{name}: {', '.join(packages)}\n")
        made = folder / name / "bin" / "python"
        subprocess.run([python, "-m", "venv", str(folder / name)], check=True)  # noqa: S603 - what the caller names
        subprocess.run([str(made), "-m", "pip", "install", "--quiet", *packages], check=True)  # noqa: S603
    sys.stdout.write(f"now: .venv/bin/python -m benchmarks.drift --peers {folder}\n")


if __name__ == "__main__":
    main()
