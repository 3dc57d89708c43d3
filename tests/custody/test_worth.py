"""What stored fields are worth, where little or nothing was recorded: said, or told as far as it can be."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from afield.control.office import Office, open_office
from afield.custody.worth import worth
from afield.errors import DataError
from afield.records.traffic import Event, Outcome
from afield.telemetry.delivery import event_rows
from afield.telemetry.outcomes import store_outcomes
from signs.application import signs

T0 = datetime(2026, 3, 2)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return open_office(signs(), tmp_path, lambda _: None)


def read(office: Office, days: int) -> None:
    """A sign read on each of some days, two in three rightly."""
    for day in range(days):
        at = T0 + timedelta(days=day)
        said = {"confidence": 0.5 + 0.4 * (day % 3 > 0), "lines": float(day % 5)}
        event = Event(f"e{day}", "device", "champion", "r", at, 1.0, 1.0, "p", "v", said, at)
        office.tables.append("predictions", event_rows([event]))
        store_outcomes(office.tables, [Outcome(f"o{day}", f"e{day}", at, at, "person", float(day % 3 > 0))])


def test_fields_of_an_application_whose_requests_bring_their_own_input_are_weighed(office: Office) -> None:
    read(office, 30)
    found = worth(office, 40.0)
    assert (found.rows, found.known, found.loss) == (30, 30, "squared_error")
    assert {"id", "output_confidence", "output_lines"} <= {each.name for each in found.fields}
    assert "output_lines" in {each.name for each in found.candidates}


def test_with_few_ticks_costs_are_told_and_nothing_is_ranked(office: Office) -> None:
    read(office, 4)
    found = worth(office, 40.0)
    assert found.candidates == ()
    assert all(each.bytes_row > 0 for each in found.fields)


def test_an_empty_table_and_no_outcome_are_said(office: Office) -> None:
    office.tables.append("predictions", event_rows([]))
    with pytest.raises(DataError, match="is empty"):
        worth(office, 7.0)
    event = Event("e", "device", "champion", "r", T0, 1.0, 1.0, "p", "v", {"confidence": 0.5}, T0)
    office.tables.append("predictions", event_rows([event]))
    with pytest.raises(DataError, match="further back: --days"):
        worth(office, 7.0)
