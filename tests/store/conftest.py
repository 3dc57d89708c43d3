"""Ledgers of both kinds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from afield.testing.postgres import Server, postgres

Fresh = Callable[[], str]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL that runs as long as these tests do."""
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Gives the URL of a database in which no ledger has been made, another one at each call."""
    if request.param == "postgresql":
        return request.getfixturevalue("server").url
    numbers = iter(range(10**6))
    return lambda: f"sqlite:///{tmp_path / str(next(numbers)) / 'ledger.db'}"


@pytest.fixture
def url(fresh: Fresh) -> str:
    """The URL of a database in which no ledger has been made."""
    return fresh()
