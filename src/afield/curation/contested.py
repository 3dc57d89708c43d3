"""What became of the contests: how many wait for a person, and how many later releases are held to."""

from dataclasses import dataclass

from afield.curation.labels import LabelBook
from afield.labelling.contests import CASES, cases


@dataclass(frozen=True, slots=True)
class Contested:
    """How the contests stand.

    Attributes:
        items: things that were contested.
        waiting: of those, the ones that no person has looked at since.
        confirmed: of those, the ones that a person has labelled since.
        cases: regression tests that came of it, for later releases.
        of_nothing: contests that name no answer and no thing that is known.
    """

    items: int
    waiting: int
    confirmed: int
    cases: int
    of_nothing: int

    def __str__(self) -> str:
        """One line that a person can read."""
        unknown = f"; {self.of_nothing:,} name nothing that is known" if self.of_nothing else ""
        return (
            f"{self.items:,} contested: {self.waiting:,} wait for a person, {self.confirmed:,} were looked at, "
            f"{self.cases:,} are regression tests{unknown}"
        )


def contested(book: LabelBook) -> Contested:
    """How the contests stand that people raised.

    Raises:
        StoreError: a table cannot be read.
    """
    found = book.contests()
    confirmed = book.confirmed(found.known).height
    tests = cases(book.tables.scan(CASES)).height if book.tables.exists(CASES) else 0
    return Contested(found.known.height, found.known.height - confirmed, confirmed, tests, found.unknown.height)
