"""Which arm a unit is in, by a hash: stable, without memory, the same in every process."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from afield.errors import RolloutError

EPOCH = datetime(1970, 1, 1)
RESOLUTION = 2**64


@dataclass(frozen=True, slots=True)
class Untouched:
    """A share of units × blocks of time that the decision leaves alone, drawn by lot: what it does is seen against it.

    The lot is independent of that of a canary. It needs no record: whoever knows unit and moment can draw it again.

    Attributes:
        share: of units × blocks, above 0 and at most one half.
        block: whole ticks; a unit is drawn anew for the next one.
    """

    share: float
    block: timedelta = timedelta(hours=2)

    def __post_init__(self) -> None:
        """Refuse what is no share or no block.

        Raises:
            RolloutError: says which.
        """
        if not 0 < self.share <= 0.5 or self.block < timedelta(seconds=1):
            raise RolloutError(
                f"untouched: share {self.share}, block {self.block}: give a share above 0 and at most 0.5, and a block "
                "of a second at least"
            )

    def drawn(self, unit: str, at: datetime) -> tuple[bool, float]:
        """Whether the unit is left alone at the moment, and the probability of the side that it is on."""
        return assign(unit, at, share=self.share, block=int(self.block.total_seconds()), salt="untouched")


def assign(unit: str, at: datetime, *, share: float, block: int, salt: str) -> tuple[bool, float]:
    """Whether `unit` is treated at the moment `at`, and the probability of the arm that it is in.

    A unit keeps its arm for a block of time and is drawn again for the next one, so every unit is seen in
    both arms. Blocks of all units change together; another salt draws anew.

    Source: switchback designs, Bojinov, Simchi-Levi and Zhao, Management Science 69 (2023).

    Args:
        unit: what is assigned; surge: the zone.
        at: domain time, naive.
        share: share of units × blocks that is treated, in [0, 1].
        block: length of a block, seconds.
        salt: of this canary alone.

    Raises:
        RolloutError: the share lies outside [0, 1] or the block is not positive.

    >>> assign("74", datetime(2023, 7, 1, 18, 23), share=1.0, block=7200, salt="canary")
    (True, 1.0)
    """
    if not 0 <= share <= 1 or block <= 0:
        raise RolloutError(f"share {share}, block {block} s: a share lies in [0, 1], a block is positive")
    number = int((at - EPOCH).total_seconds() // block)
    # A separator that no text holds by accident keeps ("a", "1b") and ("a1", "b") apart.
    digest = hashlib.blake2b("\x1f".join((salt, unit, str(number))).encode(), digest_size=8).digest()
    treated = int.from_bytes(digest, "big") < share * RESOLUTION
    return treated, share if treated else 1.0 - share
