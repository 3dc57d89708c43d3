"""Make an environment with the tools that `benchmarks.build --peers` measures beside Afield: Kedro and DVC.

Run it with a Python of your own and a folder: `python -m scripts.peers /tmp/peers`. Neither is in Afield's lock.
"""

import subprocess
import sys
import venv
from pathlib import Path

PEERS = ("kedro", "kedro-datasets[polars-eagerpolarsdataset]", "dvc", "polars>=2.1", "numpy")


def main() -> None:
    """Make the environment in the folder that is named, and say how to use it."""
    if len(sys.argv) != 2:
        sys.exit("name a folder: python -m scripts.peers /tmp/peers")
    folder = Path(sys.argv[1])
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)  # noqa: S603 - made above
    sys.stdout.write(f"now: .venv/bin/python -m benchmarks.build --peers {python}\n")


if __name__ == "__main__":
    main()
