"""`afield evaluate signs --data DIR`: a release on a folder of pictures with their truth."""

from collections.abc import Callable
from pathlib import Path

from rich.table import Table

from afield.build import build
from afield.commands.output import table
from afield.control.office import Office
from afield.errors import ReleaseError, UsageError
from afield.release.registry import named
from afield.serving.releases import Release
from signs.concluding import kit_of, shown_as_sure
from signs.evaluating import Evaluation, Scores, evaluate, read_truth
from signs.records import Frame, Line


def score(
    office: Office, release: str, data: Path | None, tell: Callable[[str], None]
) -> tuple[dict[str, object], Table]:
    """What a release reads and translates on a folder; the champion, built first where there is none.

    Raises:
        UsageError: no folder is named.
        DataError: its truth or a picture is missing or malformed.
    """
    if data is None:
        raise UsageError("which pictures? give --data DIR, a folder of pictures with their truth.jsonl")
    read_truth(data)  # what is wrong with it is told before a release is built for it
    digest = named(office.home.bundles, release) if release else champion(office, tell)
    opened = office.shelf.release(digest)
    kit = kit_of(opened)
    found = evaluate(data, kit.reader.read, Shown(opened), kit.reader.unreadable)
    return {**found.document(), "release": digest, "data": str(data)}, _table(found, digest, data)


def champion(office: Office, tell: Callable[[str], None]) -> str:
    """The champion's digest; a first release is built where there is none.

    Raises:
        ReleaseError: the first release does not pass its gates.
    """
    if not office.actions.state.champion:
        tell("there is no release yet: building one from generated walks")
        built = build(office.plan, office.bench(), None, None)
        office.register(built, promote=True)
        if not built.passed:
            raise ReleaseError(f"the first release did not pass its gates: {built.failed}")
    return office.actions.state.champion


class Shown:
    """What a release shows as sure of the lines of a frame."""

    def __init__(self, release: Release) -> None:
        """Show with `release`, in mode automate."""
        self._release = release

    def __call__(self, _frame: Frame, lines: tuple[Line, ...]) -> list[str | None]:
        """English of each line that is shown as sure, None of the others."""
        return shown_as_sure(kit_of(self._release).understood(lines, None), self._release.parts)


def _table(found: Evaluation, digest: str, data: Path) -> Table:
    rows = [_row(name, each) for name, each in (("photos", found.photographs), ("rendered", found.rendered))]
    lines = f"{found.all.lines} lines, {found.all.unreadable} more unreadable"
    title = f"release {digest[:12]} · {data.absolute().name} · {lines}"
    head = ("", "errors", "%", "95 %", "lines exact", "right", "wrong", "none")
    return table(head, [*rows, _row("all", found.all)], title=title)


def _row(name: str, scores: Scores) -> tuple[object, ...]:
    interval, told = scores.intervals["cer"].interval, scores.translation
    return (
        name,
        f"{scores.errors} of {scores.characters}",
        "–" if scores.cer is None else f"{100 * scores.cer:.1f}",
        f"{100 * interval.low:.1f}–{100 * interval.high:.1f}" if interval else "–",
        f"{scores.lines_exact} of {scores.lines}",
        told["right"],
        told["wrong"],
        told["abstained"],
    )
