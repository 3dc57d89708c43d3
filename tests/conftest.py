"""What every test may use: the real trips where they are, and the root of the repository."""

import os
from pathlib import Path

import pytest

# Ray reads this once, as it is first imported, which collecting the doctests does: the tests' cluster wants a token.
os.environ["RAY_AUTH_MODE"] = "token"

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository; the test is skipped where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder
