"""Measured: what the real predictor of a release costs on this machine."""

from dataclasses import dataclass

BUSY = 1.5
"""From so many times the processor time on, the time of answers by the clock says that the machine was busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one release costs here, where the speed of a place is 1.

    Attributes:
        release: its digest.
        single: seconds from the bytes of a request to the bytes of its answer, one value a request, as on an idle
            machine: by the clock, or by the time that processors worked on it where that is less.
        clock_s, processor_s: mean seconds of a request by the clock and of processors.
        row_s: seconds of a row in a batch of all rows, as answers are computed ahead; 0 where there are no rows.
        load_s: seconds in which the release is verified, opened and proven.
        memory: bytes that the process grew by as it was opened.
        bundle_bytes: of all files of the release.
        snapshot_bytes: of the feature rows of one tick; 0 where an answer needs none.
        request_bytes, answer_bytes, event_bytes: of the body asked with, of its answer, and of its record.
    """

    release: str
    single: tuple[float, ...]
    row_s: float
    load_s: float
    memory: float
    bundle_bytes: float
    snapshot_bytes: float
    request_bytes: float
    answer_bytes: float
    event_bytes: float
    clock_s: float = 0.0
    processor_s: float = 0.0

    @property
    def busy(self) -> bool:
        """Whether answers took much longer than they were worked on, because of other things that the machine did."""
        return self.clock_s > BUSY * self.processor_s > 0
