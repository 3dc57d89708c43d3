import numpy as np
import pytest

from afield.errors import ReleaseError
from afield.records.table import Table
from afield.serving.static import Lookup
from afield.workshop.tabulating import tabulate
from tests.workshop.tables import END, HOUR, MONDAY, seen, subject, table


@pytest.fixture(scope="module")
def made() -> Table:
    return table()


def test_a_cell_holds_the_mean_of_what_the_release_says_of_its_rows(made: Table) -> None:
    found = Lookup(made).outputs(("north", "south"), MONDAY + 10 * HOUR)
    # Half of the last hour (number × 10, plus half a week on average) and half of the usual six, to three digits.
    assert found["forecast"].tolist() == [8.25, 13.2]


def test_a_regime_is_what_the_release_says_with_its_features_set(made: Table) -> None:
    assert Lookup(made).outputs(("east",), MONDAY, "market day")["forecast"].tolist() == [23.0]


def test_a_cell_without_rows_gets_the_mean_of_the_key_s_others() -> None:
    rows = seen()
    kept = rows.ticks < np.datetime64(MONDAY + 24 * HOUR, "us")
    few = type(rows)(rows.ticks[kept], rows.keys[kept], {n: v[kept] for n, v in rows.columns.items()}, END)
    found = Lookup(tabulate(subject(), few))
    assert found.outputs(("north",), MONDAY + 100 * HOUR)["forecast"][0] == pytest.approx(0.5 * 11.5 + 3)


def test_no_rows_make_no_table() -> None:
    rows = seen()
    none = type(rows)(rows.ticks[:0], rows.keys[:0], {n: v[:0] for n, v in rows.columns.items()}, END)
    with pytest.raises(ReleaseError, match="no rows"):
        tabulate(subject(), none)


def test_a_release_that_gives_no_number_for_a_key_has_no_table() -> None:
    rows = seen()
    broken = {**rows.columns, "usual": np.where(rows.keys == "west", np.nan, rows.columns["usual"])}
    with pytest.raises(ReleaseError, match="gives no forecast"):
        tabulate(subject(), type(rows)(rows.ticks, rows.keys, broken, END))
