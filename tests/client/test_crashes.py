"""A device that is killed at any moment loses nothing that it said, and invents nothing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from afield.testing.stand import Stand
from tests.client.conftest import Device
from tests.client.upstream import Server

PROGRAM = """
import sys
from pathlib import Path
from afield.application import load
from afield.client.client import Client

client = Client(load("afield.testing.toy:toy"), Path(sys.argv[1]), sys.argv[2], trusted=Path(sys.argv[3]), every=0.01)
client.start()
while True:
    answer = client.ask(b'{"shop": "east", "at": "2026-03-02T09:10:00"}')
    print(answer.id, answer.release, flush=True)
"""


def killed(folder: Path, url: str, trusted: Path, answers: int) -> list[list[str]]:
    """The answers that a device's process gave before it was killed, once it had given so many."""
    command = [sys.executable, "-c", PROGRAM, str(folder), url, str(trusted)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    given = [process.stdout.readline() for _ in range(answers)]
    process.send_signal(signal.SIGKILL)
    given += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    return [line.split() for line in given if line.endswith("\n")]


@pytest.mark.slow
def test_killed_while_it_answers_and_sends_it_delivers_every_answer_once_by_id(
    stand: Stand, server: Server, device: Device, tmp_path: Path
) -> None:
    stand.rows()
    stand.control(stand.release())
    given: list[str] = []
    for answers in (1, 40, 300, 777):
        given += [line[0] for line in killed(tmp_path / "device", server.url, stand.trusted, answers)]

    last = device()
    last.synchronise()

    arrived = [event.id for event in server.events]
    assert set(given) <= set(arrived)
    # What was recorded and not yet said when the end came: at most one answer of each process.
    assert len(set(arrived) - set(given)) <= 4
    counts = last.standing().events
    assert (counts.delivered, counts.spooled, counts.dropped) == (len(set(arrived)), 0, 0)


@pytest.mark.slow
def test_killed_while_releases_come_one_after_the_other_it_always_starts_with_a_whole_one(
    stand: Stand, server: Server, device: Device, tmp_path: Path
) -> None:
    stand.rows()
    releases = [stand.release((number / 20, 1.0)) for number in range(20)]
    stand.control(releases[0])
    for number in range(6):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "device"), server.url, str(stand.trusted)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        for release in releases[3 * number : 3 * number + 3]:
            stand.control(release)
            deadline = time.monotonic() + 0.05 * number
            while time.monotonic() < deadline:
                process.stdout.readline()
        process.kill()
        process.stdout.close()
        process.wait()
        server.down = True
        offline = device()
        held = offline.situation
        offline.stop()
        server.down = False
        assert held.control.champion == "" or held.control.champion in held.releases

    stand.control(releases[19])
    last = device()
    last.synchronise()
    assert last.standing().release == releases[19]
