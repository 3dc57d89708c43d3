"""`afield alert`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from afield.control.standing import RAISED
from afield.records.decision import ControlState, Entry
from afield.store.ledger import Ledger
from afield.store.snapshots import publish_control
from tests.commands.conftest import Town
from tests.commands.town import APP, START
from tests.control.test_notices import ALERT


@pytest.fixture
def town(town: Town) -> Town:
    """A town whose service stands at the start, with one alert."""
    publish_control(town.folder / "snapshots", ControlState(version=1, champion=town.release, now=START))
    held = Ledger(f"sqlite:///{town.folder / 'ledger.db'}")
    held.append(Entry("town", RAISED, "drift:psi:1", "afield", "psi moved", START, datetime.now(UTC), "", dict(ALERT)))
    return town


def test_an_open_alert_is_listed_with_what_to_do_until_somebody_acknowledges_it(town: Town) -> None:
    out = town("alert", "list", APP).out
    assert "psi moved" in out
    assert "drift: look" in out
    assert town("alert", "ack", APP, "drift", "--reason", "on it", "--actor", "ada").code == 0
    assert "no alert waits" in town("alert", "list", APP).out
    (known,) = town("alert", "list", APP, "--all", "--json").value["alerts"]
    assert (known["state"], known["by"]) == ("acknowledged", "ada: on it")


def test_a_silence_ends_by_itself_or_by_hand(town: Town) -> None:
    done = town("alert", "silence", APP, "drift", "--hours", "24", "--reason", "a fair", "--json")
    assert done.value["until"] == "2024-01-02T00:00:00"
    assert town("alert", "list", APP, "--all", "--json").value["alerts"][0]["state"] == "silenced"
    assert town("alert", "silence", APP, "drift", "--hours", "0", "--reason", "over").code == 0
    assert town("alert", "list", APP, "--json").value["alerts"][0]["state"] == "open"


def test_a_receiver_is_declared_and_taken_back(town: Town, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"0123456789abcdef")
    assert town("alert", "notify", APP, "http://127.0.0.1:9/x", "--secret", tmp_path / "secret").code == 0
    assert "0123456789abcdef" not in (town.folder / "receiver.json").read_text()
    assert town("alert", "notify", APP).code == 0
    assert not (town.folder / "receiver.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ack", APP, "nothing", "--reason", "x"), 1, "none begins so"),
        (("ack", APP, "drift", "--reason", " "), 2, "--reason is empty"),
        (("silence", APP, "nobody", "--hours", "1", "--reason", "x"), 2, "performance, drift"),
        (("silence", APP, "drift", "--hours", "9999", "--reason", "x"), 2, "2160 hours at most"),
        (("notify", APP, "http://x/"), 2, "--secret FILE is missing"),
        (("notify", APP, "file:///etc/passwd", "--secret", "/dev/null"), 2, "no address"),
    ],
)
def test_what_cannot_be_done_is_refused(town: Town, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = town("alert", *arguments)
    assert done.code == code
    assert message in done.err
