"""What tests of surge may use: the real trips where they are."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def taxi_folder() -> Path:
    """The folder of real taxi files beside the repository; the test is skipped where there is none."""
    folder = Path(__file__).parents[3].parent / "shared" / "data" / "surge"
    if not folder.is_dir():
        pytest.skip(f"no real taxi files at {folder}")
    return folder
