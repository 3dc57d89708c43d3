"""The report of the ML Test Score: a table for each section, with evidence and the next command."""

from collections.abc import Iterator
from pathlib import Path

from afield.audit.scorecard import Scorecard
from afield.evaluation.readiness import SECTIONS, TESTS
from afield.reporting.sheet import Grid, Section, Sheet
from afield.reporting.sheet import write as write_sheet
from afield.reporting.tradeoffs import Titled

POINTS = {0.0: "0", 0.5: "½", 1.0: "1"}


def write(found: Scorecard, folder: Path) -> Path:
    """The path of `score.html`, written with `score.json` beside it.

    Raises:
        StoreError: the folder or a file in it cannot be written.
    """
    return write_sheet(sheet(found), found, folder, "score")


def sheet(found: Scorecard) -> Sheet:
    """The page."""
    parts = []
    for section in SECTIONS:
        rows = tuple(
            (
                f"{each.number}. {each.test}",
                POINTS[each.points],
                "; ".join(each.evidence) or "none",
                f"{each.missing}. Next: {each.next}" if each.missing else "",
            )
            for each in found.tests
            if each.section == section
        )
        grid = Grid(("test", "points", "evidence", "what a whole point would take"), rows)
        title = f"{section.capitalize()}: {found.sections[section]:g} of {len(TESTS[section])}"
        parts.append(Section(title, grids=(grid,)))
    options = ", ".join(f"{name} {value}" for name, value in found.settings.items())
    lead = (
        "The ML Test Score of Breck et al. (2017) is the least of four sections. Half a point: done by hand and "
        "written down, declared and not yet seen at work here, or rehearsed. A whole one: done by a system, again and "
        "again, and this home, its release or the application's own tests show it. No point is given without evidence.",
    )
    eyebrow = f"{found.application}{', ' if options else ''}{options} · ML Test Score"
    return Sheet(eyebrow, f"{found.score:g} of 7: {found.says}", lead, tuple(parts), found.provenance)


def short_rows(found: Scorecard) -> Iterator[Titled]:
    """Title, head and rows of the table for a terminal."""
    yield (
        ", ".join(f"{section} {points:g}" for section, points in found.sections.items()),
        ("test", "points", "evidence", "next"),
        tuple(
            (
                f"{each.section[:5]} {each.number}",
                POINTS[each.points],
                "; ".join(each.evidence) or each.missing,
                each.next,
            )
            for each in found.tests
        ),
    )
