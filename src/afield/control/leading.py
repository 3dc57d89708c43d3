"""Leading an application: the lease taken, renewed and given up, and a journal that takes a leader's word only."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from afield.errors import LeaseError, ServingError, StoreError
from afield.records.decision import Entry
from afield.store.lease import Lease
from afield.store.ledger import Ledger
from afield.telemetry.claims import Claim, claim

LEASE = 10.0
"""Seconds for which nobody else may lead, unless it is known that the leader is dead."""
RENEW = 2.5
LOOK = 0.25
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Lead:
    """The lead of one application, as one controller wants it; also the journal in which that controller acts."""

    def __init__(self, ledger: Ledger, application: str, own: Claim, spools: Path, tell: Callable[[str], None]) -> None:
        """Want to lead `application`.

        Args:
            ledger: grants the lease.
            application: its name.
            own: the spool that this controller alone writes; the operating system frees it when the controller dies.
            spools: the folder of the spools, in which controllers of this machine are known to live or not.
            tell: is told who leads.
        """
        self._ledger, self._application = ledger, application
        self._holder = f"process {os.getpid()} on {socket.gethostname()}"
        self._place, self._spools, self._tell = _place(os.fstat(own.file)), spools, tell
        self._lease: Lease | None = None
        self._lost = self._ended = threading.Event()
        self._told = ""

    def take(self) -> bool:
        """Whether this controller leads now: nobody led, or who did let the lease end or is known to be dead.

        Raises:
            StoreError: the ledger cannot be used.
        """
        leases = self._ledger.leases
        me = (self._holder, self._place, LEASE)
        lease = leases.acquire(self._application, *me)
        if lease is None:
            held = leases.held(self._application)
            lease = leases.succeed(held, *me) if held is not None and self._dead(held) else None
            self._say(
                f"{self._application} is led by {held.holder}; waiting to take over" if held and not lease else ""
            )
        if lease is not None:
            self._say("")
            self._lease, self._lost, self._ended = lease, threading.Event(), threading.Event()
            threading.Thread(target=self._keep, args=(lease,), name="lease", daemon=True).start()
        return lease is not None

    @property
    def leads(self) -> bool:
        """Whether this controller leads, as far as it knows."""
        return self._lease is not None and not self._lost.is_set()

    def wait(self, stop: threading.Event) -> bool:
        """Whether this controller leads, once it does or `stop` is set; a ledger that is gone is asked again."""
        while not stop.is_set():
            try:
                if self.take():
                    return True
            except StoreError as error:
                self._say(str(error))
            stop.wait(LOOK)
        return False

    def check(self) -> None:
        """Return while nobody else leads.

        Raises:
            LeaseError: another controller does.
        """
        if self._lost.is_set():
            raise LeaseError(f"another controller leads {self._application}; this one waits")

    def give_up(self) -> None:
        """Let the next lead at once."""
        self._ended.set()
        if self._lease is not None and self.leads:
            try:
                self._ledger.leases.release(self._lease)
            except StoreError as error:
                self._tell(f"the lease was not given back: {error}; it ends by itself within {LEASE:g} s")
        self._lease = None

    def append(self, entry: Entry) -> Entry:
        """Append a row, as the leader.

        Raises:
            LeaseError: another controller leads by now, or this one does not yet; nothing was appended.
            StoreError: the ledger cannot be written.
        """
        if self._lease is None:
            raise LeaseError(f"this controller does not lead {entry.application}; nothing was appended")
        return self._ledger.append(entry, self._lease)

    def entries(
        self, application: str, kinds: tuple[str, ...] = (), subject: str | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        """Rows in order.

        Raises:
            StoreError: the ledger cannot be read.
        """
        return self._ledger.entries(application, kinds, subject, after)

    def _keep(self, lease: Lease) -> None:
        """Renew the lease until it is given up or somebody else has it; a ledger that is gone gives it to nobody."""
        lost, ended = self._lost, self._ended
        while not ended.wait(RENEW):
            try:
                self._ledger.leases.renew(lease, LEASE)
            except LeaseError:
                lost.set()
                return
            except StoreError:
                continue

    def _dead(self, held: Lease) -> bool:
        """Whether the holder ran on this machine beside the same spools, and nobody writes its spool any more."""
        if held.place == self._place:
            return True
        for lock in self._spools.glob("*.lock"):
            if _place(lock.stat()) == held.place and (left := claim(self._spools, lock.stem)) is not None:
                left.release()
                return True
        return False

    def _say(self, what: str) -> None:
        if what and what != self._told:
            self._tell(what)
        self._told = what


def refusal(ledger: Ledger, application: str) -> ServingError:
    """That somebody else leads, and what to do."""
    held = ledger.leases.held(application)
    return ServingError(
        f"{application} is led by {held.holder if held else 'another controller'} already; "
        "serve beside it: afield serve APP --join HOME; or stop that one"
    )


def _place(file: os.stat_result) -> str:
    """A file as this machine knows it until it is started again."""
    boot = _BOOT.read_text().strip() if _BOOT.exists() else socket.gethostname()
    return f"{boot}:{file.st_dev}:{file.st_ino}"
