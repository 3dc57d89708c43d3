"""The client design: an application answers on a device, with or without a network.

    client = Client(load("surge", {"slot": "60m"}), folder, "https://…", trusted=keys)
    client.start()                   # synchronises from now on, in a thread of its own
    client.wait(10.0)                # whether a release is in force within so many seconds
    answer = client.ask(body)        # the body of POST /v1/ROUTE → Answer, in process
    answer = client.answer(query)    # the same for a decoded query; `client.query(body)` decodes
    client.tell(body)                # facts and outcomes: the body of POST /v1/events
    client.situation                 # what the next answer rests on: rows, control, releases
    client.predictor                 # the one inference path, for `draft` and `give`
    client.standing()                # release, age of the facts, last contact, what waits to be sent, problem
    client.synchronise()             # now, in this thread: all that is new, and all that was recorded
    client.stop()

Nothing but `synchronise` and the thread touches the network: answers never wait for it.
"""

import logging
import threading
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from afield.answering import loader, predictor
from afield.application import Application, Operate
from afield.client.clock import DeviceClock
from afield.client.courier import EVENTS, FACTS, Courier
from afield.client.downloader import Downloader
from afield.client.fetched import Fetched
from afield.client.folder import Folder
from afield.client.opening import Opening
from afield.client.recording import Recording
from afield.client.releases import Releases
from afield.client.standing import Standing
from afield.client.synchroniser import Synchroniser
from afield.client.upstream import Upstream
from afield.compiled import open_static
from afield.mitigation.breaker import Breaker
from afield.records.traffic import Answer, Query
from afield.serving.complaint import Complaint
from afield.serving.config import ANSWERING, LOOKING
from afield.serving.situation import Situation
from afield.serving.updates import Updates
from afield.telemetry.claims import Claim, claim

# Seconds between two looks where an application considers no rhythm, and at most until a record can be sent with one.
EVERY = 10.0
# Seconds that the end waits for a request which has no connection yet, and so cannot be broken off.
LEAVE = 1.0

_log = logging.getLogger("afield.client")


class Client:
    """One application on one device: the data plane with a synchroniser in the supervisor's place."""

    def __init__(
        self,
        application: Application,
        root: Path,
        upstream: str,
        *,
        trusted: Path | None = None,
        static: Path | None = None,
        token: str = "",
        every: float | None = None,
        patience: float = 10.0,
    ) -> None:
        """Answer from what lies under `root`, and keep it as `upstream` has it.

        Args:
            application: what answers.
            root: the device's folder for it.
            upstream: address of the service, `https://HOST`.
            trusted: folder of the public keys whose signatures count; `root/trusted` where None.
            static: folder that `afield release export APP --to static` wrote; it answers until a release has come.
            token: of the service, where it asks for one.
            every: seconds between two looks for what is new; None: what the application considers (`sync_s`).
            patience: seconds without a byte after which the service counts as unreachable.

        Raises:
            AfieldError: the application, the address or the folder cannot be used.
        """
        considered = application.requirements.considerations
        if every is None:
            every = EVERY if considered is None else considered.model.sync_s
        self.operate = operate = application.part(application.operate, Operate)
        self.folder = folder = Folder(root.absolute(), trusted)
        self._clock = DeviceClock(ZoneInfo(application.zone), folder.remembered().offset)
        self._upstream = Upstream(upstream, token=token, patience=patience, heard=self._clock.heard)
        self._recording = recording = Recording(folder, operate, self._corrected, min(every, EVERY))
        now, record, keep = self._clock.now, recording.record, recording.keep
        slow = ANSWERING if operate.from_input is None else LOOKING
        self.predictor = predictor(operate, clock=now, record=record, keep=keep, breaker=Breaker(slow=slow))
        self.static = None
        if static is not None:
            self.static = open_static(static, operate, application.name, clock=now, record=record, keep=keep)
        self._asked = operate.asked
        opening = Opening(loader(folder.bundles, folder.trusted, operate, application.name))
        self._updates = Updates(Fetched(folder.snapshots), opening.take, self.predictor)
        self._downloader = Downloader(
            folder, self._upstream, Releases(folder, self._upstream, application.name, opening.prove)
        )
        self._couriers = (
            Courier(folder.telemetry, self._upstream, EVENTS),
            Courier(folder.facts, self._upstream, FACTS),
        )
        self._synchroniser = Synchroniser(
            self._downloader, self._couriers, taken_over=self._take_over, now=self._clock.now, every=every
        )
        self._turn, self._syncing, self._ending = threading.Lock(), threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._claim: Claim | None = None
        self._complaint = Complaint(_log)
        self._take_over()

    @property
    def situation(self) -> Situation:
        """What the next answer rests on."""
        return self.predictor.situation

    def query(self, body: bytes) -> Query:
        """The query that the body of a request asks; its moment is put right where the device's clock is wrong.

        Raises:
            msgspec.DecodeError: the body is malformed, or a field has the wrong type.
            RequestError: a field makes no sense.
        """
        query = self._asked.query(body)
        at = self._corrected(query.at)
        return query if at == query.at else msgspec.structs.replace(query, at=at)

    def ask(self, body: bytes) -> Answer:
        """The answer to the body of a request; recorded before it is given.

        Raises:
            msgspec.DecodeError: the body is malformed, or a field has the wrong type.
            RequestError: a field makes no sense, or names what is not known.
        """
        return self.answer(self.query(body))

    def answer(self, query: Query) -> Answer:
        """The answer to a query; recorded before it is given.

        Raises:
            RequestError: the query names an unknown key, or a moment far outside the rows.
        """
        if self.static is not None and not self._equipped():
            return self.static.answer(query)
        with self._turn:
            return self.predictor.answer(query)

    def tell(self, body: bytes) -> dict[str, int]:
        """Keep facts and outcomes, durably, until the service has them; the counts accepted.

        Raises:
            msgspec.DecodeError: the body is malformed, or a field has the wrong type.
            RequestError: a kind, field or time is wrong; nothing of the batch is kept.
            TelemetryError: it cannot be kept now; nothing of the batch is.
        """
        return self._recording.tell(body)

    def start(self) -> None:
        """Synchronise from now on, in a thread of its own."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="synchroniser", daemon=True)
            self._thread.start()

    def synchronise(self) -> None:
        """Bring all that is new and send all that was recorded, now; `standing().problem` says what failed."""
        with self._syncing:
            self._recording.seal()
            while self._step(at_once=True) and not self._ending.is_set():
                pass

    def wait(self, patience: float) -> bool:
        """Wait until a release is in force, at most `patience` seconds; whether one is."""
        return self._ready.wait(patience)

    def stop(self) -> None:
        """End what is under way, within about a second; what was not sent stays. A second call does nothing."""
        self._ending.set()
        self._upstream.close()
        if self._thread is not None:
            self._thread.join(LEAVE)
        self._recording.close()
        if self._thread is None or not self._thread.is_alive():
            self._let_go()

    def standing(self) -> Standing:
        """How the device stands."""
        seen, kept = self.situation, self._downloader.kept
        events, facts = (courier.counts() for courier in self._couriers)
        return Standing(
            release=seen.control.champion,
            last_good=seen.control.last_good,
            sequence=kept.seen,
            tick=seen.rows.tick if seen.rows else None,
            contact=self._synchroniser.contact,
            clock=self._clock.offset,
            events=events,
            facts=facts,
            problem="; ".join(self._problems()),
        )

    def _problems(self) -> list[str]:
        """What is wrong, each thing once."""
        problems = (*self._synchroniser.problems, self.situation.problem, self._recording.problem)
        return list(dict.fromkeys(filter(None, problems)))

    def _run(self) -> None:
        while not self._ending.is_set():
            with self._syncing:
                more = self._step()
            if not more:
                self._ending.wait(self._synchroniser.pause())
        self._let_go()

    def _let_go(self) -> None:
        """Let another process synchronise."""
        claimed, self._claim = self._claim, None
        if claimed is not None:
            claimed.release()

    def _step(self, *, at_once: bool = False) -> bool:
        """Fetch and send once; where another process does that for this folder, take over what it brings."""
        if self._claim is None:
            self._claim = claim(self.folder.root, "synchroniser")
            if self._claim is None:
                self._take_over()
                return False
            self._downloader.resume()
        more = self._synchroniser.step(at_once=at_once)
        if not self._ending.is_set():
            self._complaint.hear(self._problems())
        self._downloader.remember(self._clock.offset)
        return more

    def _take_over(self) -> None:
        self._updates.step()
        if self.situation.control.champion in self.situation.releases:
            self._ready.set()

    def _corrected(self, moment: datetime) -> datetime:
        """A time of the place; a service whose clock follows its events stands where its clients are."""
        return moment if self.situation.control.now is not None else self._clock.corrected(moment)

    def _equipped(self) -> bool:
        """Whether what the model needs has come, or somebody switched the model off."""
        seen = self.situation
        known = seen.rows is not None or self.operate.from_input is not None
        return (known and seen.control.champion in seen.releases) or seen.control.mode == "off"
