"""Proof that the mitigations hold: the drills of the hazard register, passed by the code that runs."""

from afield.control.office import Office
from afield.workshop.code import code_digest


def unproven(office: Office) -> str:
    """Why the drills do not speak for the code that runs, and what to do; "" where they do, or need not.

    What counts is the newest run of all drills that the ledger holds: a note of kind `drill`.
    """
    if not office.operate.rollout.drilled:
        return ""
    name = office.application.name
    what_next = f"run: afield drill {office.application.called}"
    runs = office.ledger.entries(name, ("drill",))
    if not runs:
        return f"no drills were run; {what_next}"
    last = runs[-1]
    if not last.evidence.get("passed"):
        return f"drills did not pass ({last.reason}); mend that, then {what_next}"
    if last.evidence.get("code") != code_digest(office.application.package):
        return f"the code has changed since the drills passed; {what_next}"
    return ""
