"""What is wrong is said once, and once that it is over."""

import logging
import threading
from collections.abc import Sequence

import pytest

from afield.serving.complaint import Complaint


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (["gone", "gone", "gone"], ["gone"]),
        (["gone", "full", "gone", "full"], ["gone", "full"]),
        (["gone", "", "gone", ""], ["gone"]),
        (["gone", "", "", "", ""], ["gone", "all is well again"]),
        (["gone", "", "", "", "", "", "gone"], ["gone", "all is well again", "gone"]),
        (["", ""], []),
    ],
)
def test_each_thing_is_said_once_until_all_has_been_well_for_a_while(
    heard: Sequence[str], said: Sequence[str], caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    complaint = Complaint(logging.getLogger("afield.test"), calm=3.0, clock=lambda: now[0])

    for problem in heard:
        complaint.hear([problem])
        now[0] += 1.0

    assert [record.getMessage() for record in caplog.records] == said


def test_what_two_threads_hear_at_once_is_said_once() -> None:
    said: list[str] = []
    log = logging.Logger("afield.test")
    complaint = Complaint(log)

    def meanwhile(record: logging.LogRecord) -> bool:
        said.append(record.getMessage())
        if len(said) == 1:
            thread = threading.Thread(target=complaint.hear, args=(["gone"],))
            thread.start()
            thread.join(10)
        return False

    log.addFilter(meanwhile)
    complaint.hear(["gone"])
    assert said == ["gone"]
