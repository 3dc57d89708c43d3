"""The lease: one leader, in a file and on a server, by the database's clock; the word of a deposed one is not taken."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from afield.errors import LeaseError, StoreError
from afield.records.decision import Entry
from afield.store.ledger import Ledger

LONG = 1000.0
OVER = -1.0
"""Seconds of a lease that has ended as it is granted."""


def row(kind: str = "stage") -> Entry:
    now = datetime.now(UTC)
    return Entry("surge", kind, "r", "afield", "why", now.replace(tzinfo=None), now)


def test_one_holds_it_and_the_second_does_not_get_it(url: str) -> None:
    leases = Ledger(url).leases
    first = leases.acquire("surge", "one", "here", LONG)
    assert first is not None
    assert (first.holder, first.place, first.fence) == ("one", "here", 1)
    assert LONG - 60 < first.remaining <= LONG
    assert leases.acquire("surge", "two", "there", LONG) is None
    assert leases.acquire("signs", "two", "there", LONG) is not None, "another application has a lease of its own"
    held = Ledger(url).leases.held("surge")
    assert held is not None
    assert (held.holder, held.fence) == ("one", 1)


def test_one_that_ended_goes_to_the_next_with_a_higher_fence(url: str) -> None:
    leases = Ledger(url).leases
    leases.acquire("surge", "one", "here", OVER)
    second = leases.acquire("surge", "two", "there", LONG)
    assert second is not None
    assert (second.holder, second.fence) == ("two", 2)


def test_one_that_was_released_goes_to_the_next_at_once(url: str) -> None:
    leases = Ledger(url).leases
    first = leases.acquire("surge", "one", "here", LONG)
    assert first is not None
    leases.release(first)
    second = leases.acquire("surge", "two", "there", LONG)
    assert second is not None
    leases.release(first)
    assert leases.acquire("surge", "three", "there", LONG) is None, "who was deposed releases nothing"


def test_the_holder_renews_it_also_after_its_end_while_nobody_took_it(url: str) -> None:
    leases = Ledger(url).leases
    first = leases.acquire("surge", "one", "here", OVER)
    assert first is not None
    renewed = leases.renew(first, LONG)
    assert renewed.fence == first.fence
    assert renewed.remaining > LONG - 60


def test_who_was_deposed_is_told_at_renewing(url: str) -> None:
    leases = Ledger(url).leases
    first = leases.acquire("surge", "one", "here", OVER)
    leases.acquire("surge", "two", "there", LONG)
    assert first is not None
    with pytest.raises(LeaseError, match="one no longer leads surge"):
        leases.renew(first, LONG)


def test_a_dead_holder_is_succeeded_once_before_the_end(url: str) -> None:
    leases = Ledger(url).leases
    dead = leases.acquire("surge", "one", "here", LONG)
    assert dead is not None
    second = leases.succeed(dead, "two", "here", LONG)
    assert second is not None
    assert (second.holder, second.fence) == ("two", 2)
    assert leases.succeed(dead, "three", "here", LONG) is None


def test_the_ledger_takes_rows_of_the_leader_and_none_of_a_deposed_one(url: str) -> None:
    ledger = Ledger(url)
    first = ledger.leases.acquire("surge", "one", "here", OVER)
    assert first is not None
    kept = ledger.append(row(), first)
    second = ledger.leases.acquire("surge", "two", "there", LONG)
    assert second is not None
    with pytest.raises(LeaseError, match="nothing was appended"):
        ledger.append(row("promoted"), first)
    later = ledger.append(row("alert"), second)
    people = ledger.append(row("mode"))
    assert ledger.entries("surge") == (kept, later, people)


def test_of_many_that_want_it_at_the_same_moment_one_gets_it(url: str) -> None:
    Ledger(url)
    together = threading.Barrier(6)

    def wanted(name: int) -> bool:
        together.wait()
        return Ledger(url).leases.acquire("surge", str(name), "here", LONG) is not None

    with ThreadPoolExecutor(6) as threads:
        got = [one.result() for one in [threads.submit(wanted, name) for name in range(6)]]
    assert sum(got) == 1


def test_no_row_of_a_leader_comes_after_the_first_of_its_successor(url: str) -> None:
    ledger = Ledger(url)
    first = ledger.leases.acquire("surge", "one", "here", LONG)
    assert first is not None
    begun = threading.Event()

    def lead() -> None:
        while True:
            ledger.append(row("old"), first)
            begun.set()

    leader = ThreadPoolExecutor(1)
    led = leader.submit(lead)
    begun.wait()
    second = ledger.leases.succeed(first, "two", "there", LONG)
    assert second is not None
    seen = len(ledger.entries("surge"))
    ledger.append(row("new"), second)
    with leader, pytest.raises(LeaseError):
        led.result()
    kinds = [each.kind for each in ledger.entries("surge")]
    assert kinds == ["old"] * seen + ["new"]


def test_a_database_that_is_gone_is_told(url: str) -> None:
    leases = Ledger(url).leases
    engine = leases._database.engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE afield_leases"))
    with pytest.raises(StoreError, match="cannot be used"):
        leases.held("surge")
