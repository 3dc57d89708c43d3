"""The drills of a hazard register, one after the other, on a copy of the home."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from afield.application import Application, Hazard, resolve
from afield.build import build
from afield.control.office import Office, open_office
from afield.drills.catalogue import DRILLS
from afield.drills.rig import Rig
from afield.drills.seen import Drill, Drilled, Seen
from afield.errors import AfieldError, ServingError, UsageError
from afield.replay import Scenario


@dataclass(frozen=True, slots=True)
class Lent:
    """A release of another home, to be drilled.

    Attributes:
        folder: its bundle.
        trusted: folder of the keys that it is verified by.
    """

    folder: Path
    trusted: Path


def drill(
    application: Application, root: Path, only: str | None, tell: Callable[[str], None], lent: Lent | None = None
) -> tuple[Drilled, ...]:
    """Run the drills that the application's hazards name, or only the one called `only`.

    They damage a copy of the home, which is removed in the end. Several hazards may name one drill: it runs once.

    Args:
        application: whose service is broken.
        root: the home whose champion is drilled; one is built there where there is none.
        only: name of the one drill, or None.
        tell: is told what happens.
        lent: the release that is drilled instead of that champion.

    Raises:
        ReleaseError: the release that is lent does not verify.
        UsageError: no hazard names a drill of that name, or the named drill does not exist.
        AfieldError: the release for it could not be built.
    """
    hazards = [each for each in application.requirements.hazards if each.drill and only in (None, each.drill)]
    found = {each.drill: known(each.drill) for each in hazards}
    unknown = sorted(name for name, drill in found.items() if drill is None)
    if unknown or not hazards:
        raise UsageError(f"no drill called {only or ', '.join(unknown)}; there is: {', '.join(DRILLS)}")
    office = _office(application, root, tell)
    with live(office, lent) if lent else nullcontext(), _copied(office) as copied, closing(Rig(copied, tell)) as rig:
        seen = {name: _run(name, each, rig) for name, each in found.items() if each is not None}
    return tuple(_drilled(each, found[each.drill], *seen[each.drill], office) for each in hazards)


def drillable(office: Office) -> bool:
    """Whether the home has a champion, and the facts beside it that drills ask about."""
    return (
        bool(office.actions.state.champion) and office.home.store == office.home.tables and office.home.tables.exists()
    )


def known(name: str) -> Drill | None:
    """The drill of this name: one of `DRILLS`, or the application's own, named as `module:attribute`."""
    if ":" not in name:
        return DRILLS.get(name)
    made = resolve(name)()
    return made if isinstance(made, Drill) else None


def _run(name: str, drill: Drill, rig: Rig) -> tuple[Seen, float]:
    """What the drill saw, and how long it took; a service that fails is a drill that fails."""
    started = time.perf_counter()
    try:
        seen = drill.run(rig)
    except AfieldError as error:
        rig.close()
        seen = Seen(str(error), passed=False)
    seconds = time.perf_counter() - started
    rig.tell(f"{name}: {'passed' if seen.passed else 'FAILED'} in {seconds:.1f} s: {seen.observed}")
    return seen, seconds


def _drilled(hazard: Hazard, drill: Drill | None, seen: Seen, seconds: float, office: Office) -> Drilled:
    words = {"asked": office.application.words.requests}
    fault, expected = (drill.fault.format(**words), drill.expected.format(**words)) if drill else ("", "")
    return Drilled(hazard.name, fault, expected, seen.observed, round(seconds, 2), seen.passed)


@contextmanager
def _copied(office: Office) -> Iterator[Office]:
    """The same application in a copy of its home, beside it, with a ledger of its own; removed in the end.

    What never changes once it is written, releases and files of tables, is linked where the disk can do that.
    """
    home = office.home
    with tempfile.TemporaryDirectory(prefix=".drill-", dir=home.root) as folder:
        there = replace(home, root=Path(folder))
        for name in (home.bundles, home.tables):
            shutil.copytree(name, there.folder / name.name, copy_function=_linked)
        for name in (home.key.parent, home.trusted):
            shutil.copytree(name, there.root / name.name)
        if (standing := home.steps / "standing").exists():
            shutil.copytree(standing, there.steps / standing.name, copy_function=_linked)
        shutil.copy2(home.privacy, there.privacy)
        copied = replace(open_office(office.application, there.root, office.tell), clock=office.clock)
        for entry in office.ledger.entries(office.application.name):
            copied.ledger.append(entry)
        yield copied


def _linked(source: str, copy: str) -> str:
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)
    return copy


@contextmanager
def live(office: Office, lent: Lent) -> Iterator[None]:
    """Let a release of another home be live in this one; its own champion comes back at the end.

    Raises:
        ReleaseError: the release does not verify.
    """
    digest, own = lent.folder.name, office.actions.state.champion
    for there, here in ((lent.folder, office.home.bundles / digest), (lent.trusted, office.home.trusted)):
        shutil.copytree(there, here, dirs_exist_ok=True)
    office.shelf.release(digest)
    if digest == own:
        yield
        return
    office.actions.promote(digest, "lent for a drill", office.clock.now())
    try:
        yield
    finally:
        office.actions.promote(own, "the drill is over", office.clock.now())


def _office(application: Application, root: Path, tell: Callable[[str], None]) -> Office:
    """The rehearsal's office, with a release: the one that is there, or one built on the generated default."""
    office = open_office(application, root, tell)
    if office.actions.state.champion:
        return office
    tell("building a release to drill on")
    if application.demonstration:
        scenario: Scenario = resolve(application.demonstration)(application.options, None)
        bench = office.bench(source=scenario.source, name=scenario.name)
        built = build(office.plan, bench, None, scenario.window.start)
    else:
        built = build(office.plan, office.bench(), None)
    office.register(built, promote=True)
    if not built.passed:
        raise ServingError(
            f"the release built for the drill did not pass its gates; see: afield build {office.application.called}"
        )
    return office
