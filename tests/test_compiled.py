from pathlib import Path

import msgspec
import pytest

from afield.errors import ReleaseError
from afield.records.table import Table
from tests.workshop.tables import compiled, host, table


@pytest.fixture(scope="module")
def made() -> Table:
    return table()


def test_a_table_of_another_application_is_refused(tmp_path: Path, made: Table) -> None:
    foreign = msgspec.structs.replace(made, application="surge")
    with pytest.raises(ReleaseError, match="compiled for surge"):
        host(compiled(tmp_path, foreign), [])


def test_a_folder_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="release export toy"):
        host(tmp_path, [])


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    for raw in (b"", b"{", b"[" * 10_000, b'{"application": "toy"}'):
        (tmp_path / "table.json").write_bytes(raw)
        with pytest.raises(ReleaseError, match=r"table\.json"):
            host(tmp_path, [])
