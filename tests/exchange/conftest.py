"""A table of the toy application, made once."""

import pytest

from afield.records.table import Table
from tests.workshop.tables import table


@pytest.fixture(scope="session")
def made() -> Table:
    return table()
