"""The ML Test Score of an application in its home, and the run of its own tests that some of it rests on."""

import subprocess
import sys
from pathlib import Path

import msgspec

from afield.audit.notes import note
from afield.audit.proofs import Proofs
from afield.audit.rubric import rubric
from afield.control.office import Office
from afield.errors import UsageError
from afield.evaluation.readiness import Earned, read, score, sections
from afield.records.provenance import Provenance

LONGEST = 3600.0


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """The ML Test Score.

    Attributes:
        application, settings: what was scored.
        score: the minimum of the sections.
        says: what the paper says of such a score.
        sections: section → points, of 7.
        tests: the 28 tests, with evidence and what is missing.
        provenance: how to make it again.
    """

    application: str
    settings: dict[str, str]
    score: float
    says: str
    sections: dict[str, float]
    tests: tuple[Earned, ...]
    provenance: Provenance


def scorecard(office: Office, root: Path, command: str) -> Scorecard:
    """The score, from what lies in the home and beside the application.

    Args:
        office: of the application.
        root: the folder under which all state lies; rehearsals are below it.
        command: what was typed.
    """
    proofs = Proofs(office, root / "rehearsal")
    found = rubric(proofs)
    points = score(found)
    release = proofs.bundle
    data = dict(release.manifest.data) if release else {}
    return Scorecard(
        application=office.application.name,
        settings=dict(office.application.options),
        score=points,
        says=read(points),
        sections=sections(found),
        tests=found,
        provenance=Provenance(
            command,
            {**data, "ledger": f"{len(proofs.entries)} entries"},
            proofs.code,
            release.digest if release else "",
        ),
    )


def run_tests(office: Office, command: str) -> bool:
    """Run the application's own quick tests, and note in the ledger whether they pass.

    Raises:
        UsageError: the application has no tests, or pytest is not installed.
    """
    package = Proofs(office, Path()).package
    folder = next(
        (each for each in (package.parent / "tests", package / "tests") if each.is_dir()) if package else iter(()), None
    )
    if package is None or folder is None:
        raise UsageError(f"{office.application.name} has no folder `tests` beside its package; write some")
    office.tell(f"running the tests in {folder}")
    command_line = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", str(folder)]
    try:
        done = subprocess.run(  # noqa: S603
            command_line, capture_output=True, text=True, check=False, timeout=LONGEST, cwd=package.parent
        )
    except subprocess.TimeoutExpired:
        note(office, "tests", False, f"tests of {package.name} took longer than {LONGEST:g} s", command)
        return False
    if "No module named pytest" in done.stderr:
        raise UsageError("pytest is not installed here; install it to run the application's tests")
    lines = [line for line in done.stdout.strip().splitlines() if line.strip()]
    said = lines[-1].strip("= ") if lines else f"exit {done.returncode}"
    note(office, "tests", done.returncode == 0, f"tests of {package.name}: {said}", command)
    return done.returncode == 0
