"""A promise: what an answer said is a bound on what later answers may say to the same person, for a while."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from afield.errors import RequestError
from afield.records.applied import PROMISE

PERSON = b"afield promise"
FIELD = "quote"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Promise:
    """That an output of the decision will not be higher than it was told, for so long.

    Attributes:
        output: of the decision: a price.
        lasts: how long an answer binds.
    """

    output: str
    lasts: timedelta

    @property
    def name(self) -> str:
        """What answers say of it where it lowered them."""
        return PROMISE + self.output


class Promises:
    """Gives receipts with answers, and holds to those that come back; whoever has the secret can.

    A receipt is the value, until when it holds, and a keyed hash (BLAKE2b, 128 bits) of both, of the unit, and of the
    person it was given to. Nothing is kept: the receipt itself is the memory, for every worker and host alike.
    """

    def __init__(self, promise: Promise, secret: bytes) -> None:
        """Promise so; `secret` is what the privacy key of the service is made from."""
        self._promise = promise
        self._key = hashlib.blake2b(secret, person=PERSON[:16]).digest()

    @property
    def name(self) -> str:
        """What answers say of it where it lowered them."""
        return self._promise.name

    @property
    def output(self) -> str:
        """The output that is promised."""
        return self._promise.output

    def receipt(self, value: float, unit: str, person: str, now: datetime) -> str:
        """The receipt for an output told to a person about a unit at `now`."""
        said = f"{value!r}~{(now + self._promise.lasts).isoformat()}"
        return f"{said}~{self._signed(said, unit, person)}"

    def held(self, receipt: str, unit: str, person: str, now: datetime) -> float | None:
        """The value that a receipt holds the service to; None once it has run out.

        Raises:
            RequestError: it was given by another service, about something else, to somebody else, or was altered.
        """
        said, _, signature = receipt[:LONGEST].rpartition("~")
        if not hmac.compare_digest(self._signed(said, unit, person).encode(), signature.encode("utf-8", "replace")):
            raise RequestError("this quote was not given here for this place and person; ask for a new one", FIELD)
        value, _, until = said.partition("~")
        return float(value) if now <= datetime.fromisoformat(until) else None

    def _signed(self, said: str, unit: str, person: str) -> str:
        # Lengths keep what is beside each other apart: no text can be moved from the unit into the person.
        content = f"{self._promise.output}~{said}~{len(unit)}~{unit}~{person}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, digest_size=16, key=self._key).hexdigest()
