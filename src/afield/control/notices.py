"""Alerts told to a receiver that the operator declared: a signed request for each, tried again, never waited for."""

import hashlib
import hmac
import http.client
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from afield.clock import Clock
from afield.control.actions import AFIELD
from afield.control.standing import KINDS, TOLD, standing
from afield.errors import StoreError, UsageError
from afield.records.decision import Entry
from afield.records.evidence import Alert
from afield.store.durable import write_whole
from afield.store.ledger import Ledger

SIGNATURE = "Afield-Signature"
ATTEMPTS = 6
PAUSE = 1.0
TIMEOUT = 5.0
LEAST_SECRET = 16


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told of alerts: declared by the operator, kept in a file, never named by a client.

    Attributes:
        url: http or https.
        secret: file whose bytes sign what is told.
        since: domain time from which alerts are told.
    """

    url: str
    secret: str
    since: datetime


def declare(file: Path, receiver: Receiver) -> None:
    """Keep who is told.

    Raises:
        UsageError: the address is none, or the secret cannot be read or is short.
    """
    parts = urlsplit(receiver.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{receiver.url}: no address of a receiver; give one that begins with https:// or http://")
    key_of(receiver)
    write_whole(file, (msgspec.json.encode(receiver),))


def declared(file: Path) -> Receiver | None:
    """Who is told; None where nobody is.

    Raises:
        UsageError: the file holds something else.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Receiver)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"{file}: {error}; declare the receiver again with: afield alert notify") from error


def key_of(receiver: Receiver) -> bytes:
    """The bytes that sign what a receiver is told.

    Raises:
        UsageError: the file cannot be read, or holds too little.
    """
    try:
        key = Path(receiver.secret).read_bytes().strip()
    except OSError as error:
        raise UsageError(f"{receiver.secret}: the secret cannot be read ({error.strerror})") from error
    if len(key) < LEAST_SECRET:
        raise UsageError(f"{receiver.secret} holds {len(key)} bytes; a secret has {LEAST_SECRET} at least")
    return key


def signed(body: bytes, key: bytes, moment: int) -> str:
    """The signature of a body told at a moment (seconds since 1970): `t=MOMENT,v1=HMAC-SHA256 of "MOMENT.BODY"`.

    A receiver that compares the moment with its own clock is safe from requests that were caught and sent again.
    """
    return f"t={moment},v1={hmac.new(key, f'{moment}.'.encode() + body, hashlib.sha256).hexdigest()}"


class Notices:
    """Tells each open alert to the receiver, in a thread of its own; the ledger is the queue.

    What was told, or given up after `ATTEMPTS`, is a ledger row: a service that comes back goes on where it was. An
    alert may be told twice where the service ends in between; its id is the same.
    """

    def __init__(
        self,
        file: Path,
        ledger: Ledger,
        application: str,
        clock: Clock,
        tell: Callable[[str], None],
        pause: float = PAUSE,
    ) -> None:
        """Tell whoever `file` declares; `pause` seconds lie between looks, and before the first new attempt."""
        self._file, self._ledger, self._application = file, ledger, application
        self._clock, self._tell, self._pause = clock, tell, pause
        self._stop = threading.Event()
        self._failed: dict[str, int] = {}
        self._due = 0.0
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not told yet is told when the service is back."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2 * TIMEOUT)

    def _run(self) -> None:
        said = ""
        while not self._stop.wait(self._pause):
            try:
                self.look()
                said = ""
            except (UsageError, StoreError) as error:
                if str(error) != said:
                    self._tell(f"alerts are not told: {error}")
                said = str(error)

    def look(self) -> None:
        """Tell what is open and was not told; the first that fails is tried again later, and the others after it.

        Raises:
            UsageError: the receiver or its secret cannot be read.
            StoreError: the ledger cannot be read or appended to.
        """
        receiver = declared(self._file)
        if receiver is None or time.monotonic() < self._due:
            return
        rows = self._ledger.entries(self._application, KINDS)
        for each in standing(rows).to_tell(receiver.since):
            problem = _post(receiver, each, self._application, key_of(receiver))
            if not problem:
                self._note(each, f"told {urlsplit(receiver.url).hostname}")
                continue
            self._failed[each.id] = self._failed.get(each.id, 0) + 1
            if self._failed[each.id] >= ATTEMPTS:
                self._tell(f"alert {each.id} could not be told, given up: {problem}")
                self._note(each, f"given up after {ATTEMPTS} attempts: {problem}")
            else:
                self._due = time.monotonic() + self._pause * 2 ** self._failed[each.id]
                return

    def _note(self, alert: Alert, said: str) -> None:
        self._failed.pop(alert.id, None)
        self._ledger.append(Entry(self._application, TOLD, alert.id, AFIELD, said, alert.at, self._clock.recorded()))


def _post(receiver: Receiver, alert: Alert, application: str, key: bytes) -> str:
    """Tell one alert; what went wrong, or "". Redirects are not followed: the operator named one address."""
    parts = urlsplit(receiver.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    body = msgspec.json.encode({"application": application, "alert": alert})
    headers = {"Content-Type": "application/json", SIGNATURE: signed(body, key, int(time.time()))}
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{parts.hostname} does not answer ({error})"
    finally:
        connection.close()
    return "" if 200 <= status < 300 else f"{parts.hostname} answered {status}"
