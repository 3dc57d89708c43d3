"""The rollback, rehearsed and timed: on a copy of the service, with the champion's own bundle and its predecessor's."""

import contextlib
import socket
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from shutil import Error, copytree

from afield.control.actions import Actions
from afield.control.leading import Lead
from afield.control.office import Office
from afield.control.plane import Plane
from afield.control.rollout import Rollout
from afield.control.terms import Places, Terms, configured
from afield.errors import AfieldError, LeaseError, ServingError
from afield.records.decision import Entry
from afield.store.ledger import Ledger
from afield.store.snapshots import Follower, publish_control

REHEARSED = "rehearsed"
AGAIN = timedelta(days=7)
LOOK = 60.0
PATIENCE = 30.0
_PAUSE = 0.005


class Rehearsals:
    """Rehearses whenever another release is live, and once a week."""

    def __init__(self, office: Office, lead: Lead) -> None:
        """Rehearse for `office`, while `lead` is held."""
        self._office, self._lead = office, lead

    def run(self, stop: threading.Event) -> None:
        """Rehearse what is due until `stop`; each is a row of the ledger, also where it failed."""
        while not stop.wait(0 if self._lead.leads else 1.0):
            if self._lead.leads:
                try:
                    self.turn()
                except LeaseError:
                    continue
                except AfieldError as error:
                    self._office.tell(f"the rollback was not rehearsed: {error}")
                stop.wait(LOOK)

    def turn(self) -> Entry | None:
        """Rehearse where it is due; its row.

        Raises:
            AfieldError: the copy of the service did not start, or the ledger cannot be used.
        """
        office = self._office
        actions = office.led(self._lead)
        champion, back = actions.state.champion, actions.predecessor()
        now = office.clock.recorded()
        before = office.ledger.entries(office.application.name, (REHEARSED,), champion)
        if not champion or not back or any(row.replaces == back and now - row.recorded < AGAIN for row in before):
            return None
        try:
            seconds = rehearse(office, champion, back)
        except ServingError as error:
            reason, evidence = f"the rollback failed in rehearsal: {error}", {"passed": 0.0}
        else:
            reason = f"back to {back[:12]} in {seconds:.2f} s, on a copy of the service"
            evidence = {"passed": 1.0, "seconds": seconds}
        office.tell(reason)
        return self._lead.append(
            Entry(
                application=office.application.name,
                kind=REHEARSED,
                subject=champion,
                actor="afield",
                reason=reason,
                at=office.clock.now(),
                recorded=now,
                replaces=back,
                evidence={**evidence, "to": back},
            )
        )


def rehearse(office: Office, champion: str, back: str) -> float:
    """Seconds from the word to roll back until every new answer comes from the release `back`.

    A service of its own is started on a free port of loopback, on copies of the snapshots and of the ledger's rows
    that say who is live; what production serves, follows and records is not touched.

    Raises:
        ServingError: the copy did not start, did not answer with the champion, or not with `back` in time.
    """
    with tempfile.TemporaryDirectory(prefix="afield-rehearsal-") as name:
        folder = Path(name)
        with contextlib.suppress(Error):  # an old snapshot may go while it is copied; the current one stays
            copytree(office.home.snapshots, folder / "snapshots", dirs_exist_ok=True)
        followed = Follower(folder / "snapshots")
        followed.refresh()
        now = followed.control.now if followed.control else None
        ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
        for row in office.ledger.entries(office.application.name, ("promoted", "rolled_back")):
            ledger.append(row)
        actions = Actions(ledger, office.application.name, office.clock)

        def publish(state: Rollout) -> None:
            publish_control(
                folder / "snapshots", state.published(int(time.time()) + 10**6, share=0.0, block=1, now=now)
            )

        publish(actions.state)
        plane = _plane(office, folder)
        try:
            plane.start()
            _until(plane, champion)
            begun = time.monotonic()
            actions.roll_back("rehearsal", now or office.clock.now(), back)
            publish(actions.state)
            _until(plane, back)
            return time.monotonic() - begun
        finally:
            plane.stop()


def _plane(office: Office, folder: Path) -> Plane:
    home = office.home
    places = Places(
        snapshots=folder / "snapshots", bundles=home.bundles, spools=folder / "spool", counts=folder / "counts"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    terms = Terms(port=port, log="none")
    return Plane(configured(office.application, home, terms, places), folder, lambda _: None)


def _until(plane: Plane, release: str) -> None:
    """Return once the workers answer with `release`."""
    deadline = time.monotonic() + PATIENCE
    while (health := plane.health()).release != release:
        if time.monotonic() > deadline:
            said = f": {health.problem}" if health.problem else ""
            raise ServingError(f"release {release[:12]} did not answer within {PATIENCE:g} s{said}")
        time.sleep(_PAUSE)
