"""The rubric: for each of the 28 tests, what in this application and its home earns half a point or a whole one.

One rule for all. Half: done by hand and noted in the ledger with the code as it is; or declared, and not yet seen at
work here; or proven in a rehearsal. Whole: a system does it again and again, and the home, the release or the
application's own tests show it. What only Afield's own tests prove earns the application half at most.
"""

from afield.audit.proofs import Proofs
from afield.audit.rubric_build import data, model
from afield.audit.rubric_operate import infrastructure, monitoring
from afield.evaluation.readiness import Earned


def rubric(proofs: Proofs) -> tuple[Earned, ...]:
    """The 28 tests, with what each earned."""
    return (*data(proofs), *model(proofs), *infrastructure(proofs), *monitoring(proofs))
