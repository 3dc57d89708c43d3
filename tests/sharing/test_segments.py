"""Segments on their way through a store: each arrives, and counts once, wherever who carries it is interrupted."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import StoreError, TelemetryError
from afield.sharing.segments import Collector, Sender
from afield.store.objects import Objects
from afield.telemetry.settlement import drain, totals
from afield.telemetry.spool import Spool


class Hosts:
    """A host that accepts, and the one that delivers, on two folders with a store between them."""

    def __init__(self, folder: Path) -> None:
        self.objects = Objects(f"file://{folder / 'store'}")
        self.spool, self.taken = folder / "b" / "telemetry", folder / "a"
        self.told: list[str] = []
        self.delivered: list[bytes] = []
        self.sender = Sender(self.objects, self.spool.parent, "host-b")
        self.collector = Collector(self.objects, self.taken, self.told.append)
        self._committed: dict[str, int] = {}

    def accept(self, *records: bytes) -> None:
        """Take records in, and seal them."""
        with Spool(self.spool, writer="worker-0") as spool:
            for record in records:
                spool.append(record)

    def deliver(self) -> None:
        """As a table does: a number that is not above the writer's last is not committed again."""

        def commit(writer: str, number: int, records: list[bytes]) -> None:
            if number > self._committed.get(writer, 0):
                self._committed[writer] = number
                self.delivered += records

        drain(self.taken / "host-b" / "telemetry", commit)

    def sender_breaks(self) -> None:
        """Send one segment, and be killed before that is noted."""
        put = self.objects.put

        def killed(key: str, content: bytes) -> None:
            put(key, content)
            raise StoreError("killed")

        with pytest.MonkeyPatch.context() as patch, suppress(StoreError):
            patch.setattr(self.objects, "put", killed)
            self.sender.step()

    @property
    def objects_there(self) -> list[str]:
        return [each.key for each in self.objects.listed("spools")]


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


def test_what_was_accepted_here_is_delivered_there_and_the_store_is_empty(hosts: Hosts) -> None:
    hosts.accept(b"one", b"two")
    hosts.accept(b"three")
    assert hosts.sender.step() == 3
    assert len(hosts.objects_there) == 2
    assert totals(hosts.spool).spooled == 0
    assert hosts.collector.step() == 2
    hosts.deliver()
    assert hosts.delivered == [b"one", b"two", b"three"]
    assert hosts.objects_there == []
    assert (hosts.sender.step(), hosts.collector.step()) == (0, 0)


def test_what_was_not_accepted_is_counted_there_as_well(hosts: Hosts) -> None:
    with Spool(hosts.spool, writer="worker-0") as spool:
        spool.tally(sampled_out=5, dropped=2, reason="over budget")
    hosts.sender.step()
    hosts.collector.step()
    hosts.deliver()
    counts = totals(hosts.taken / "host-b" / "telemetry")
    assert (counts.sampled_out, counts.dropped) == (5, 2)


def test_a_segment_sent_twice_counts_once(hosts: Hosts) -> None:
    hosts.accept(b"one")
    hosts.sender.step()
    (key,) = hosts.objects_there
    content = hosts.objects.fetch(key, count=1000)
    assert content is not None
    hosts.collector.step()
    hosts.objects.put(key, content.content)
    hosts.collector.step()
    hosts.deliver()
    hosts.objects.put(key, content.content)
    hosts.collector.step()
    hosts.deliver()
    assert hosts.delivered == [b"one"]
    assert hosts.objects_there == []


def test_a_store_that_is_gone_keeps_everything_on_the_host_that_accepted(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.accept(b"one")

    def gone(*_: object, **__: object) -> None:
        raise StoreError("the store does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(hosts.objects, "put", gone)
        with pytest.raises(StoreError):
            hosts.sender.step()
        hosts.accept(b"two")
    hosts.sender.step()
    hosts.collector.step()
    hosts.deliver()
    assert hosts.delivered == [b"one", b"two"]


@pytest.mark.parametrize("harm", ["cut", "cut at a frame", "one byte", "empty"])
def test_a_harmed_segment_is_set_aside_and_what_follows_is_delivered(hosts: Hosts, tmp_path: Path, harm: str) -> None:
    hosts.accept(b"one", b"two")
    hosts.accept(b"three")
    hosts.sender.step()
    file = tmp_path / "store" / hosts.objects_there[0]
    content = file.read_bytes()
    place = len(content) // 2
    flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    file.write_bytes({"cut": content[:-1], "cut at a frame": content[:place], "one byte": flipped, "empty": b""}[harm])
    hosts.collector.step()
    hosts.deliver()
    assert hosts.delivered == [b"three"]
    assert hosts.objects_there == []
    assert [each.key for each in hosts.objects.listed("aside")] == [f"aside/{file.relative_to(tmp_path / 'store')}"]
    assert ["set aside" in told for told in hosts.told] == [True]


def test_a_segment_of_which_half_was_put_comes_again_whole(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts.accept(b"one", b"two")
    put = hosts.objects.put

    def half(key: str, content: bytes) -> None:
        put(key, content[: len(content) // 2])
        raise StoreError("the connection broke off")

    with monkeypatch.context() as patch:
        patch.setattr(hosts.objects, "put", half)
        with pytest.raises(StoreError):
            hosts.sender.step()
    hosts.collector.step()
    hosts.sender.step()
    hosts.collector.step()
    hosts.deliver()
    assert hosts.delivered == [b"one", b"two"]


def test_a_host_whose_disk_was_lost_begins_anew_and_nothing_of_it_is_taken_for_the_old(
    hosts: Hosts, tmp_path: Path
) -> None:
    hosts.accept(b"one")
    hosts.sender.step()
    hosts.collector.step()
    hosts.deliver()
    hosts.spool.rename(tmp_path / "lost")
    hosts.accept(b"two")
    hosts.sender.step()
    hosts.collector.step()
    hosts.deliver()
    assert hosts.delivered == [b"one", b"two"]


@pytest.mark.parametrize(
    "key",
    [
        "spools/host-b/telemetry/note.txt",
        "spools/host-b/keys/worker-0.0000000001." + "0" * 64 + ".segment",
        "spools/HOST/telemetry/worker-0.0000000001." + "0" * 64 + ".segment",
        "spools/host-b/telemetry/deep/worker-0.0000000001." + "0" * 64 + ".segment",
    ],
)
def test_what_somebody_else_put_there_is_let_alone(hosts: Hosts, key: str) -> None:
    hosts.objects.put(key, b"mine")
    hosts.collector.step()
    assert hosts.objects_there == [key]
    assert not hosts.taken.exists()


@settings(deadline=None, max_examples=50)
@given(steps=st.lists(st.sampled_from(["accept", "send", "break", "collect", "deliver", "put back"]), max_size=25))
def test_whoever_is_interrupted_everything_counts_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """`break`: who sends is killed before it noted that it sent; `put back`: the removal of objects is lost."""
    hosts, accepted = Hosts(tmp_path_factory.mktemp("hosts")), 0
    copies: dict[str, bytes] = {}
    with Spool(hosts.spool, writer="worker-0") as spool:
        for step in (*steps, "send", "collect", "deliver"):
            if step == "accept":
                accepted += 1
                spool.append(f"{accepted}".encode())
                spool.seal()
            elif step == "send":
                hosts.sender.step()
            elif step == "break":
                hosts.sender_breaks()
            elif step == "collect":
                copies = {key: _content(hosts, key) for key in hosts.objects_there}
                hosts.collector.step()
            elif step == "deliver":
                hosts.deliver()
            else:
                for key, content in copies.items():
                    hosts.objects.put(key, content)
    assert hosts.delivered == [f"{number + 1}".encode() for number in range(accepted)]
    assert hosts.told == []


def _content(hosts: Hosts, key: str) -> bytes:
    found = hosts.objects.fetch(key, count=2**20)
    assert found is not None
    return found.content


def test_an_account_that_is_damaged_stops_its_writer_before_anything_is_lost(hosts: Hosts) -> None:
    hosts.accept(b"one")
    hosts.sender.step()
    hosts.collector.step()
    hosts.deliver()
    (book,) = (hosts.taken / "host-b" / "telemetry").glob("*.settled")
    book.write_bytes(b"{")
    hosts.accept(b"two")
    hosts.sender.step()
    with pytest.raises(TelemetryError, match="is damaged"):
        hosts.collector.step()
    assert len(hosts.objects_there) == 1
