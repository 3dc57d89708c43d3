"""What a monitor is: a declaration that is fitted on a reference and then measures chunk by chunk."""

from typing import Protocol

from afield.monitoring.frames import Frame
from afield.records.evidence import Measurement
from afield.records.facts import Window


class FittedMonitor(Protocol):
    """A monitor that knows its reference."""

    def measure(self, chunk: Frame, window: Window, /) -> Measurement:
        """What a chunk says; chunks come in order of time.

        Raises:
            MonitoringError: the chunk lacks a column, or holds nothing to measure.
        """
        ...


class Monitor(Protocol):
    """A monitor as an application declares it."""

    @property
    def name(self) -> str:
        """What alerts call it."""
        ...

    def fit(self, reference: Frame, /) -> FittedMonitor:
        """The monitor, knowing what to expect.

        Raises:
            MonitoringError: the reference lacks a column, or holds too little.
        """
        ...
