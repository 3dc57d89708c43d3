"""The two ends of a service over an object store: who publishes and delivers, and who follows and answers."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from afield.answering import loader
from afield.application import Application, Operate
from afield.client.folder import Folder
from afield.control.joining import Joining, chosen_name
from afield.control.terms import Places, Terms
from afield.errors import AfieldError, ServingError, StoreError, UnreachableError
from afield.home import Home
from afield.release.signing import Trusted
from afield.sharing.following import Following
from afield.sharing.publishing import Publisher
from afield.sharing.segments import Collector, Sender
from afield.sharing.source import Published
from afield.sharing.turns import Turns
from afield.store.objects import Objects
from afield.store.snapshots import Follower

# Seconds between two looks: at what is published here, at what was published there, at what others sent.
PUBLISH_EVERY, FOLLOW_EVERY, SEND_EVERY, COLLECT_EVERY = 0.1, 0.5, 0.5, 1.0


class Shared:
    """A service's home, shared through an object store while it runs.

    What it publishes is mirrored there, below the name of the application with its options, and what services that
    joined put there is taken into its spools. A store that does not answer is told, and tried again; the service itself
    goes on.
    """

    def __init__(self, application: Application, root: Path, url: str, tell: Callable[[str], None]) -> None:
        """Share the home of `application` under `root` at `url`, once entered; `tell` is told what fails.

        Raises:
            StoreError: the URL names no object store.
        """
        home = Home.of(root, application)
        objects = Objects(url, home.name)
        self._publish = Turns("publish", Publisher(objects, home).step, PUBLISH_EVERY, tell)
        self._collect = Turns("collect", Collector(objects, home.joined, tell).step, COLLECT_EVERY, tell)

    def __enter__(self) -> Self:
        """Begin."""
        self._publish.start()
        self._collect.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, and take what was sent by now, so that it is delivered as the service stops."""
        self._publish.stop()
        if self._collect.stop():
            self._collect.take()


def by_store(
    application: Application, root: Path, url: str, terms: Terms, name: str, tell: Callable[[str], None]
) -> Joining:
    """Joining a service through the object store in which it is shared; everything else is this host's own.

    Args:
        application: what is served.
        root: this host's home, in which a person has put the public keys that are trusted, the key of the hashes that
            stand for people, and tokens: nothing of these is taken from the store.
        url: of the store, as the other service was given it.
        terms: how this one is run.
        name: of this service among those that joined; from the host and the port where "".
        tell: is told what happens.

    Raises:
        UsageError: the name is none.
        ServingError: no key is trusted here, or the key of the hashes is missing.
        StoreError: the URL names no object store.
    """
    chosen, home = chosen_name(name, terms.port), Home.of(root, application)
    objects = Objects(url, home.name)
    _check_trust(home)
    folder = Folder(home.folder / "joined" / chosen, keys=home.trusted)
    heartbeat = folder.root / "supervisor.alive"
    places = Places(
        snapshots=folder.snapshots,
        bundles=folder.bundles,
        spools=folder.telemetry.parent,
        counts=folder.root / "counts",
        heartbeat=heartbeat,
    )
    opened = loader(folder.bundles, folder.trusted, application.part(application.operate, Operate), application.name)
    following = Following(folder, Published(objects), heartbeat, application.name, opened, home.privacy)
    sender = Sender(objects, folder.telemetry.parent, chosen)
    return Joining(home, places, folder.root, objects.url, Remote(folder, following, sender, tell))


FIRST = "start the service that is joined first, with --share and this address"


class Remote:
    """What works beside the workers of a service that joined through an object store."""

    def __init__(self, folder: Folder, following: Following, sender: Sender, tell: Callable[[str], None]) -> None:
        """Bring by `following`, take away by `sender`; `tell` is told what fails."""
        self._folder, self._following, self._tell = folder, following, tell
        self._follow = Turns("follow", self._brought, FOLLOW_EVERY, tell)
        self._send = Turns("send", sender.step, SEND_EVERY, tell)

    def start(self) -> None:
        """Bring what is published, and go on; where the store does not answer, what was brought before is enough.

        Raises:
            ServingError: what is published must not be followed from here, or no release of it can answer.
        """
        try:
            problem = self._following.step()
        except (UnreachableError, StoreError) as error:
            problem = str(error)
        held = Follower(self._folder.snapshots)
        held.refresh()
        if problem and not (held.control and held.control.champion):
            raise ServingError(f"there is nothing to answer with: {problem}; {FIRST}")
        self._follow.start()
        self._send.start()

    def stop(self) -> None:
        """Send what the workers left; what cannot be sent stays, and the next start sends it."""
        self._follow.stop()
        if not (self._send.stop() and self._send.take()):
            self._tell("not everything was sent; it is kept here, and the next start sends it")

    def _brought(self) -> str:
        try:
            problem = self._following.step()
        except AfieldError as error:
            self._following.note(str(error))
            raise
        self._following.note(problem)
        return problem


def _check_trust(home: Home) -> None:
    """Refuse to start without what only a person can bring.

    Raises:
        ServingError: it is not there; says where to put it.
    """
    if not Trusted(home.trusted).keys():
        raise ServingError(
            f"{home.trusted} holds no public key, so that no release could be believed: copy the *.pem of the service "
            "that is joined there, by a way that you trust, not through the store"
        )
    if not home.privacy.exists():
        raise ServingError(
            f"{home.privacy} is not here: the same person would have two names in the tables; copy that of the service "
            "that is joined there, by a way that you trust, not through the store"
        )
