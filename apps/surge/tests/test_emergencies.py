"""An emergency in an area, end to end: from the fact that is sent over HTTP to the price that is quoted."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from afield.control.office import Office
from afield.control.orphans import end, running_with
from afield.control.process import serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ContradictionError, RequestError
from afield.records.decision import Override
from afield.records.traffic import Answer, Fact, Ingest
from afield.replay import Client
from afield.serving.ingestion import Ingestion
from surge.emergencies import EmergencyFact, spared
from surge.operating import operate
from tests.workshop.village import UNTIL, copied

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)
FLOODED, DRY = "4", "1"
"""Alphabet City, which is in Manhattan, and Newark Airport, which is not."""


def said(area: str, until: datetime, at: datetime = NOON, number: int = 1) -> Fact:
    fields = {"area": area, "reason": "a flood", "until": until.isoformat()}
    return Fact(f"flood-{number}", "emergency", at, fields=fields)


@pytest.mark.parametrize(
    ("area", "scope"), [("manhattan", "slice:manhattan"), ("everywhere", "*"), ("132", "132")]
)  # fmt: skip
def test_an_emergency_is_the_ordinary_price_in_its_area_until_it_ends(area: str, scope: str) -> None:
    assert spared(said(area, NOON + HOUR)) == Override(
        f"emergency {area}", scope, "multiplier", 1.0, "a flood", NOON + HOUR, urgent=True
    )


@pytest.mark.parametrize("area", ["atlantis", "", "-1", "slice:manhattan", "*"])
def test_an_area_that_is_on_no_map_is_refused_by_its_field_and_the_known_ones_are_named(area: str) -> None:
    ingestion = Ingestion(operate({"slot": "60m"}).facts, lambda *_: None, lambda _: None)
    with pytest.raises(ContradictionError, match="there is: airports, manhattan, outside manhattan, ev") as refused:
        ingestion.facts(msgspec.json.encode(Ingest((said(area, NOON + HOUR),))))
    assert refused.value.field == "facts[0].fields.area"


def test_without_a_reason_it_is_refused() -> None:
    ingestion = Ingestion(operate({"slot": "60m"}).facts, lambda *_: None, lambda _: None)
    fact = Fact("f", "emergency", NOON, fields={"area": "airports", "reason": "", "until": NOON.isoformat()})
    with pytest.raises(RequestError, match="reason"):
        ingestion.facts(msgspec.json.encode(Ingest((fact,))))
    assert msgspec.convert({"area": "1", "reason": "x", "until": NOON}, EmergencyFact).area == "1"


def say(_: str) -> None:
    """Tells nobody; a module's function, for it goes to another process."""


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Office]:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    yield opened
    for left in running_with(opened.home.folder / "service.json"):
        end(left)


class Street:
    """A service that follows its events, and a rider who asks it for prices."""

    def __init__(self, client: Client, now: datetime) -> None:
        self.client, self.now = client, now

    def send(self, *facts: Fact) -> None:
        self.client.ingest(Ingest(facts, watermark=self.now))

    def quote(self, zone: str) -> Answer:
        body = {"pickup_location": int(zone), "order_time": self.now.isoformat(), "user_id": "ada"}
        return self.client.ask("quote", msgspec.json.encode(body))

    def becomes(self, zone: str, multiplier: float) -> Answer:
        """The first answer with this price, within five seconds."""
        began = time.monotonic()
        while (answer := self.quote(zone)).output["multiplier"] != multiplier:
            assert time.monotonic() - began < 5.0, answer
            time.sleep(0.05)
        return answer


@pytest.fixture
def street(office: Office) -> Iterator[Street]:
    """Prices are doubled by hand everywhere: that nobody pays so is then an emergency's doing."""
    now = UNTIL + HOUR
    for scope in ("*", FLOODED):
        crowd = Override(f"crowd {scope}", scope, "multiplier", 2.0, "a concert", now + 9 * HOUR)
        office.by("ada").override(crowd, now)
    terms = Terms(port=free_port(), by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        client = Client(service.url)
        opened = Street(client, now)
        opened.send()
        opened.becomes(DRY, 2.0)
        yield opened
        client.close()


@pytest.mark.slow
def test_surge_is_off_where_and_while_there_is_an_emergency(street: Street, office: Office) -> None:
    until = street.now + 4 * HOUR
    street.send(said("manhattan", until, street.now))
    off = street.becomes(FLOODED, 1.0)
    assert "override:emergency manhattan" in off.applied
    assert "override:emergency manhattan" in off.reason
    assert street.quote(DRY).output["multiplier"] == 2.0
    held = office.ledger.entries("surge", ("override",), "emergency manhattan")
    assert [(row.reason, row.evidence["expires"]) for row in held] == [("a flood", until.isoformat())]

    street.send(said("manhattan", street.now, street.now + HOUR / 60, number=2))
    on = street.becomes(FLOODED, 2.0)
    assert "override:emergency manhattan" not in on.applied
    (_, lifted) = office.ledger.entries("surge", ("override",), "emergency manhattan")
    assert (lifted.evidence["lifted"], lifted.evidence["fact"]) == (1.0, "flood-2")


@pytest.mark.slow
def test_an_emergency_that_nobody_ends_ends_by_itself(street: Street) -> None:
    street.send(said("everywhere", street.now + HOUR, street.now))
    street.becomes(FLOODED, 1.0)
    street.becomes(DRY, 1.0)
    street.now += 2 * HOUR
    street.send()
    street.becomes(DRY, 2.0)
    street.becomes(FLOODED, 2.0)
