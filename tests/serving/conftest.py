"""A predictor of the toy application, and a stand for whole services."""

from pathlib import Path

import pytest

from afield.testing.stand import Stand
from afield.testing.toy import operate
from tests.serving.bakery import Bakery, bakery_of


@pytest.fixture
def bakery() -> Bakery:
    return bakery_of(operate({}))


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path / "stand")
