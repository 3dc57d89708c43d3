"""A promotion or rollback as devices verify it: signed by the key of the home, above everything signed before."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from afield.application import load
from afield.clock import SimulatedClock
from afield.control.office import Office
from afield.home import Home
from afield.release.signing import Signer, Trusted, verify_statement
from afield.testing.toy import operate
from afield.workshop.plan import Build

NOON = datetime(2024, 3, 1, 12)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    application = load("afield.testing.toy:toy")
    told: list[str] = []
    home = Home.of(tmp_path, application)
    home.folder.mkdir(parents=True)
    return Office(application, home, cast(Build, None), operate({}), SimulatedClock(NOON), told.append)


def test_a_rollback_by_hand_is_signed_with_its_reason(office: Office) -> None:
    Signer(office.home.key).publish(office.home.trusted)
    office.actions.promote("a" * 64, "first", NOON)
    office.actions.promote("b" * 64, "second", NOON)
    person = office.by("mary")
    person.roll_back("prices jumped", NOON)

    order = verify_statement(person.state.order.encode(), Trusted(office.home.trusted))

    assert (order.kind, order.application, order.release, order.reason) == (
        "rollback",
        "toy",
        "a" * 64,
        "prices jumped",
    )
    assert order.sequence == 3
    assert order.issued.tzinfo is UTC or order.issued.utcoffset() is not None


def test_where_the_signing_key_is_kept_elsewhere_nothing_is_signed_and_no_key_is_made(office: Office) -> None:
    office.actions.promote("a" * 64, "first", NOON)

    assert office.actions.state.order == ""
    assert not office.home.key.exists()
