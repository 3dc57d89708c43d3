"""The designs as hosts: each answers the body of a request, with the same schema, from wherever its model lives.

server, cached   `Remote` asks the service that hosts them
client           `afield.client.Client`: releases and facts are fetched, answers never wait for it
hybrid           `ClientFirst`: the client first, the service where the application's rule says so
static           `afield.compiled.open_static`: what was compiled into the product
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol

import msgspec

from afield.client.client import Client
from afield.client.upstream import Upstream
from afield.errors import RequestError, ServingError
from afield.records.traffic import Answer
from afield.serving.hybrid import Hybrid, HybridCounts

LARGEST_ANSWER = 2**22
REFUSED = (400, 404, 409, 413, 415, 422)


class Host(Protocol):
    """Answers one application, in whichever design."""

    def ask(self, body: bytes, /) -> Answer:
        """The answer to the body of a request; recorded before it is given.

        Raises:
            msgspec.DecodeError: the body is malformed.
            RequestError: a field makes no sense, or names what is not known.
            ServingError: whoever answers cannot be reached.
        """
        ...


class Remote:
    """A service at an address, asked from any thread over connections that are kept."""

    def __init__(self, url: str, route: str, *, token: str = "", deadline: float = 10.0) -> None:
        """Ask `POST url/v1/route`; `deadline` is in seconds without a byte."""
        self._connect = partial(Upstream, url, token=token, patience=deadline)
        self._path = f"/v1/{route}"
        self._decode = msgspec.json.Decoder(Answer).decode
        self._own = threading.local()
        self._connect()  # an address that is none is told at once

    def ask(self, body: bytes) -> Answer:
        """The service's answer.

        Raises:
            RequestError: it refuses the request.
            ServingError: it cannot be reached, or is not able to answer.
        """
        upstream: Upstream | None = getattr(self._own, "upstream", None)
        if upstream is None:
            upstream = self._own.upstream = self._connect()
        told = upstream.post(self._path, body, largest=LARGEST_ANSWER)
        if told.status == 200:
            try:
                return self._decode(told.body)
            except msgspec.DecodeError as error:
                raise ServingError(f"{upstream.url} gives no answer of this schema: {error}") from error
        said = told.body[:200].decode(errors="replace")
        if told.status in REFUSED:
            raise RequestError(said)
        raise ServingError(f"{upstream.url} does not answer: status {told.status}, {said}")


class ClientFirst:
    """The hybrid design of an application: its client, and a service that is asked where the rule says so."""

    def __init__(self, client: Client, there: Callable[[bytes], Answer]) -> None:
        """Answer with `client` first."""
        self.client = client
        self._hybrid = Hybrid(client.ask, there, client.operate.designs.ask)

    @property
    def tally(self) -> HybridCounts:
        """How often the service was asked, and what came of it."""
        return self._hybrid.tally

    def ask(self, body: bytes) -> Answer:
        """The answer to the body of a request."""
        return self._hybrid.ask(body)

    def stop(self) -> None:
        """End what is under way; what was recorded and not sent stays on the device."""
        self._hybrid.close()
        self.client.stop()
