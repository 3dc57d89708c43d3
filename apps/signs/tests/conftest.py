"""A release that reads colours, opened once."""

import pytest

from afield.serving.releases import Release
from apps.signs.tests.colours import opened


@pytest.fixture(scope="session")
def release() -> Release:
    """The release that reads colours."""
    return opened()
