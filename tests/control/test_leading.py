"""Who leads: one controller, the next where it died or gave up, nobody's word but the leader's in the journal."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from afield.control import leading
from afield.control.leading import Lead, refusal
from afield.errors import LeaseError, StoreError
from afield.records.decision import Entry
from afield.store.ledger import Ledger
from afield.telemetry.claims import Claim, claim


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "RENEW", 0.01)
    monkeypatch.setattr(leading, "LOOK", 0.01)


def ledger(folder: Path) -> Ledger:
    return Ledger(f"sqlite:///{folder / 'ledger.db'}")


def spool(folder: Path, writer: str) -> Claim:
    taken = claim(folder / "spool", writer)
    assert taken is not None
    return taken


def lead(folder: Path, own: Claim, told: list[str] | None = None) -> Lead:
    return Lead(ledger(folder), "surge", own, folder / "spool", (told if told is not None else []).append)


def row() -> Entry:
    now = datetime.now(UTC)
    return Entry("surge", "stage", "r", "afield", "why", now.replace(tzinfo=None), now)


def test_the_second_waits_says_for_whom_and_leads_once_the_first_gives_up(tmp_path: Path) -> None:
    told: list[str] = []
    first, second = lead(tmp_path, spool(tmp_path, "a")), lead(tmp_path, spool(tmp_path, "b"), told)
    assert first.take()
    assert not second.take()
    assert len(told) == 1
    assert "surge is led by process" in told[0]
    assert "led by process" in str(refusal(ledger(tmp_path), "surge"))
    first.give_up()
    assert second.wait(threading.Event())
    second.give_up()


def test_a_controller_that_died_on_this_machine_is_succeeded_at_once(tmp_path: Path) -> None:
    held = spool(tmp_path, "a")
    first, second = lead(tmp_path, held), lead(tmp_path, spool(tmp_path, "b"))
    assert first.take()
    held.release()  # as the operating system does where a process dies
    assert second.take()
    first.give_up()
    second.give_up()


def test_one_that_is_started_again_in_its_place_leads_at_once(tmp_path: Path) -> None:
    own = spool(tmp_path, "a")
    before, after = lead(tmp_path, own), lead(tmp_path, own)
    assert before.take()
    assert after.take()
    before.give_up()
    after.give_up()


def test_who_was_deposed_hears_of_it_and_appends_nothing(tmp_path: Path) -> None:
    own = spool(tmp_path, "a")
    first, second = lead(tmp_path, own), lead(tmp_path, own)
    assert first.take()
    assert second.take()
    with pytest.raises(LeaseError):
        first.append(row())
    first._lost.wait()
    with pytest.raises(LeaseError, match="another controller leads surge"):
        first.check()
    second.check()
    second.append(row())
    assert len(ledger(tmp_path).entries("surge")) == 1
    second.give_up()


def test_who_never_led_appends_nothing(tmp_path: Path) -> None:
    with pytest.raises(LeaseError, match="does not lead surge"):
        lead(tmp_path, spool(tmp_path, "a")).append(row())


def test_a_ledger_that_is_gone_takes_the_lead_from_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, asked = lead(tmp_path, spool(tmp_path, "a")), threading.Event()

    def gone(*_: object) -> None:
        asked.set()
        raise StoreError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("afield.store.lease.Leases.renew", gone)
        assert first.take()
        asked.wait()
        first.check()
    first.append(row())
    first.give_up()


def test_waiting_ends_when_it_is_asked_to_stop(tmp_path: Path) -> None:
    first, second = lead(tmp_path, spool(tmp_path, "a")), lead(tmp_path, spool(tmp_path, "b"))
    assert first.take()
    stop = threading.Event()
    stop.set()
    assert not second.wait(stop)
    first.give_up()
