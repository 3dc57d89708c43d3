"""Make an environment for each service that `benchmarks.serve --peers` measures beside Afield.

Run it with a folder: `python -m scripts.serving_peers /tmp/peers`. MLServer wants a Python below 3.13; none of them is
in Afield's lock.
"""

import subprocess
import sys
import venv
from pathlib import Path

MODEL = ("lightgbm", "numpy")
PEERS = {
    "mlserver": ("mlserver", "mlserver-lightgbm"),
    "mlflow": ("mlflow",),
    "bentoml": ("bentoml",),
    "litserve": ("litserve",),
}


def main() -> None:
    """Make the environments in the folder that is named, or those of them that are named after it."""
    if len(sys.argv) < 2:
        sys.exit("name a folder: python -m scripts.serving_peers /tmp/peers [mlserver mlflow bentoml litserve]")
    folder = Path(sys.argv[1])
    for name in sys.argv[2:] or PEERS:
        venv.create(folder / name, with_pip=True)
        python = folder / name / "bin" / "python"
        sys.stderr.write(f"{name}: {', '.join(PEERS[name])}\n")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[name], *MODEL], check=True)  # noqa: S603
    sys.stdout.write(f"now: .venv/bin/python -m benchmarks.serve --peers {folder}\n")


if __name__ == "__main__":
    main()
