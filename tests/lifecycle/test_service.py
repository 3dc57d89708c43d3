"""Whole services in simulated time, over HTTP, as clients and operators meet them."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.control.actions import Actions
from afield.control.office import Office
from afield.control.orphans import end, lives, running_with
from afield.control.process import Running, serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.drills.model import outage
from afield.drills.rig import Rig
from afield.records.facts import Window
from afield.records.traffic import Answer
from afield.replay import Client, Replayed, replay
from afield.telemetry.outcomes import joined
from afield.telemetry.settlement import totals
from afield.testing.candidates import bad_candidate
from afield.workshop.production import Production
from surge.traffic import Recorded
from tests.workshop.village import CITY, UNTIL, copied

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
pytestmark = pytest.mark.slow


def say(_: str) -> None:
    """Tells nobody; a module's function, for it goes to another process."""


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Office]:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path)
    yield opened
    for left in running_with(opened.home.folder / "service.json"):
        end(left)


@contextmanager
def served(office: Office, port: int | None = None) -> Iterator[Running]:
    terms = Terms(port=port or free_port(), by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        yield service


class Played:
    """The village's traffic through a service, with every answer kept."""

    def __init__(self, service: Running, window: Window) -> None:
        self.service = service
        self.client = Client(service.url)
        self.answers: list[Answer] = []
        self._traffic = Recorded(CITY.read().tables, window, HOUR, quotes=4)
        self.facts = self._traffic.facts
        self.outcomes = self._traffic.outcomes
        self.requests = self._traffic.requests

    def __enter__(self) -> "Played":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.client.close()

    def settle(self, _: datetime, answers: list[Answer]) -> None:
        self.answers += answers

    def play(self, window: Window, before: Callable[[datetime], None] = lambda _: None) -> Replayed:
        watch, alive = (lambda *_: None), self.service.alive
        return replay(self, self.client, "quote", window, HOUR, watch=watch, pause=before, alive=alive)


def until(holds: Callable[[], bool], patience: float = 20.0) -> float:
    """Seconds until something held in another process."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < patience, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - began


def kinds(office: Office) -> list[str]:
    return [entry.kind for entry in office.ledger.entries("surge")]


def test_a_bad_release_put_live_by_hand_is_taken_back_by_evidence(office: Office) -> None:
    first = office.actions.state.champion
    window = Window(UNTIL, UNTIL + 5 * DAY)
    put = UNTIL + DAY
    bad = bad_candidate(office, first, factor=2.5)

    def before(tick: datetime) -> None:
        if tick == put:
            office.by("ada").promote(bad, "she likes it", tick)

    with served(office) as service, Played(service, window) as played:
        whole = Window(UNTIL, UNTIL + 5 * DAY)
        found = played.play(Window(whole.start, put), before)
        assert {answer.release for answer in played.answers} == {first}
        found = played.play(Window(put, whole.end), before)
        health = played.client.health()
    assert found.failed == 0
    assert {answer.release for answer in played.answers} == {first, bad}
    assert health["release"] == first
    assert played.answers[-1].release == first
    office.actions.refresh()
    (back,) = office.ledger.entries("surge", ("rolled_back",))
    assert (back.subject, back.actor, back.evidence["to"]) == (bad, "afield", first)
    assert back.evidence["ratio_low"] > 1.0
    assert put + DAY <= back.at <= whole.end
    outcomes = office.tables.scan("outcomes").select(pl.col("id").n_unique(), rows=pl.len()).collect().row(0)
    assert outcomes[0] == outcomes[1], "each outcome is kept once"
    counts = totals(office.home.telemetry)
    assert counts.offered == counts.delivered + counts.spooled + counts.sampled_out + counts.dropped
    assert counts.dropped == counts.spooled == 0


def test_a_person_s_rollback_is_followed_within_a_second(office: Office) -> None:
    first = office.actions.state.champion
    bad = bad_candidate(office, first)
    person = office.by("ada")
    with served(office) as service, Played(service, Window(UNTIL, UNTIL + DAY)) as played:
        played.play(Window(UNTIL, UNTIL + HOUR))

        def taken(act: Callable[[Actions], None], wanted: str) -> float:
            act(person)
            return until(lambda: played.client.health()["release"] == wanted)

        taken(lambda by: by.promote(bad, "a try", UNTIL), bad)
        seconds = [taken(lambda by: by.roll_back("not good", UNTIL), first)]
        for _ in range(2):
            taken(lambda by: by.promote(bad, "again", UNTIL), bad)
            seconds.append(taken(lambda by: by.roll_back("not good", UNTIL), first))
        assert min(seconds) < 1.0
        played.play(Window(UNTIL + HOUR, UNTIL + 2 * HOUR))
        assert played.answers[-1].release == first


def test_workers_outlive_a_killed_supervisor_and_a_new_one_goes_on_without_counting_twice(office: Office) -> None:
    port = free_port()
    window = Window(UNTIL, UNTIL + 2 * DAY)
    early, late = Window(UNTIL, UNTIL + 15 * HOUR), Window(UNTIL + 15 * HOUR, UNTIL + 2 * DAY)
    with served(office, port) as service, Played(service, window) as played:
        played.play(early)
        os.kill(int(service.process.pid or 0), 9)
        service.process.join()
        worker = int(str(played.client.health()["worker"]))
        body = played.requests(early.end - HOUR)[0]
        answer = played.client.ask("quote", body)
        assert answer.release == office.actions.state.champion
        until(lambda: float(str(played.client.health()["supervisor_age"])) > 0.5)
        assert played.client.health()["tick"] == early.end.isoformat()
    answered = len(played.answers)
    with served(office, port) as service, Played(service, window) as again:
        assert not lives(worker), "the new supervisor has workers of its own"
        assert again.client.health()["tick"] == early.end.isoformat(), "the last snapshot is still there"
        assert again.play(late).failed == 0
    assert len(again.answers) > 0
    judged = joined(office.tables, window).filter((pl.col("kind") == "tick") & (pl.col("arm") == "champion"))
    assert judged["id"].n_unique() == judged.height == 48 * judged["unit"].n_unique()
    asked = office.tables.scan("predictions").filter(pl.col("kind") == "answer").collect()
    assert asked["id"].n_unique() == asked.height == answered + 1 + len(again.answers)
    outcomes = office.tables.scan("outcomes").collect()
    assert outcomes["id"].n_unique() == outcomes.height
    known = CITY.read().tables["orders"].filter(pl.col("known_at") < window.end).collect()
    read = Production(office.tables, office.plan.tables).read()
    assert read.rows_read == known.height, "every order counts once, though some were sent twice"


def test_every_quote_during_a_model_outage_is_answered_and_marked(office: Office) -> None:
    with closing(Rig(office, say)) as rig:
        seen = outage(rig)
    assert seen.passed, seen.observed
    assert seen.observed == "0 failed; 10 marked while broken, 0 otherwise"


def test_bad_input_is_refused_in_words_and_the_next_good_request_is_answered(office: Office) -> None:
    good = b'{"pickup_location": 74, "order_time": "2024-03-04T00:10:00"}'
    bad = {
        "wrong type": b'{"pickup_location": "74", "order_time": "2024-03-04T00:10:00"}',
        "unknown zone": b'{"pickup_location": 9999, "order_time": "2024-03-04T00:10:00"}',
        "huge zone": b'{"pickup_location": 99999999999999999999, "order_time": "2024-03-04T00:10:00"}',
        "negative zone": b'{"pickup_location": -1, "order_time": "2024-03-04T00:10:00"}',
        "long ago": b'{"pickup_location": 74, "order_time": "1024-03-04T00:10:00"}',
        "far ahead": b'{"pickup_location": 74, "order_time": "2034-03-04T00:10:00"}',
        "edge of time": b'{"pickup_location": 74, "order_time": "0001-01-01T00:00:00Z"}',
        "not a number": b'{"pickup_location": NaN, "order_time": "2024-03-04T00:10:00"}',
        "malformed": b'{"pickup_location": 74, "order_time": ',
        "no body": b"",
        "not UTF-8": b'{"pickup_location": 74, "user_id": "\xff", "order_time": "2024-03-04T00:10:00"}',
        "deep": b"[" * 100_000,
        "oversized": b'{"user_id": "' + b"x" * 2**21 + b'"}',
        "another's field": b'{"pickup_location": 74, "order_time": "2024-03-04T00:10:00", "surge": 1}',
    }
    facts = {
        "unknown kind": b'{"facts": [{"id": "1", "kind": "flood", "at": "2024-03-04T00:10:00"}]}',
        "zone beyond 32 bits": b'{"facts": [{"id": "1", "kind": "order", "at": "2024-03-04T00:10:00", '
        b'"fields": {"pickup_location": 1099511627776}}]}',
        "time with a zone": b'{"facts": [{"id": "1", "kind": "order", "at": "2024-03-04T00:10:00Z"}]}',
        "no id": b'{"facts": [{"id": "", "kind": "order", "at": "2024-03-04T00:10:00"}]}',
        "watermark": b'{"watermark": "soon"}',
    }
    with served(office) as service, Played(service, Window(UNTIL, UNTIL + DAY)) as played:
        played.play(Window(UNTIL, UNTIL + HOUR))
        cases = [("/v1/quote", name, body) for name, body in bad.items()]
        cases += [("/v1/events", name, body) for name, body in facts.items()]
        for path, name, body in cases:
            with closing(Client(service.url)) as other:
                status, content = other.call("POST", path, body)
            assert 400 <= status < 500, (name, status, content)
            assert b'"error"' in content, (name, content)
            assert played.client.ask("quote", good).applied == (), name
        assert played.play(Window(UNTIL + HOUR, UNTIL + 2 * HOUR)).failed == 0
