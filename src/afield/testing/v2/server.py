"""A server under test, spoken to over plain HTTP, and what it says of one of its models.

The kit reads replies with types of its own, those of the specification, and speaks with a client of its own: it is to
find faults in the service's types and clients too, and runs against servers that have nothing to do with Afield.
"""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from afield.errors import UsageError

PATIENCE = 30.0
LENGTH = "Inference-Header-Content-Length"

Kind = TypeVar("Kind")


class BrokenRuleError(AssertionError):
    """The server does not do what a rule says; the message tells what it does."""


class SkippedError(Exception):
    """A rule does not apply to this server or model; the message tells why."""


class TensorMetadata(msgspec.Struct, frozen=True):
    """A tensor in the model metadata."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class ModelMetadata(msgspec.Struct, frozen=True):
    """The model metadata as the specification has them."""

    name: str
    platform: str
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]
    versions: tuple[str, ...] = ()


class ServerMetadata(msgspec.Struct, frozen=True):
    """The server metadata as the specification has them."""

    name: str
    version: str
    extensions: tuple[str, ...]


class Failure(msgspec.Struct, frozen=True):
    """The body of every error."""

    error: str


class ResponseOutput(msgspec.Struct, frozen=True):
    """An output of a reply."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    data: list[object] | msgspec.UnsetType = msgspec.UNSET
    parameters: dict[str, object] = {}


class InferenceResponse(msgspec.Struct, frozen=True):
    """The body of a reply to an infer request."""

    model_name: str
    outputs: tuple[ResponseOutput, ...]
    model_version: str | None = None
    id: str | None = None
    parameters: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Given:
    """A reply of the server under test.

    Attributes:
        status: of HTTP.
        headers: name in lower case → value.
        body: all of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def read(self, kind: type[Kind]) -> Kind:
        """The body as the specification has it.

        Raises:
            BrokenRuleError: it is something else.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.DecodeError as error:
            raise BrokenRuleError(f"the body does not fit: {error}; it begins {self.body[:120]!r}") from error


class Server:
    """The server under test, and the name of the model to test it with."""

    def __init__(self, url: str, model: str, headers: Mapping[str, str] | None = None) -> None:
        """Speak to the server at `url`, sending `headers` with every request.

        Raises:
            UsageError: the address is none of http or https.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is no address; give one such as http://127.0.0.1:8000")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._headers = dict(headers or {})
        self.model = model

    def get(self, path: str) -> Given:
        """The reply to a GET."""
        return self.call("GET", path)

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Given:
        """The reply to one request on a connection of its own.

        Raises:
            BrokenRuleError: there is no reply.
        """
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=PATIENCE)
        sent = {**self._headers, **({} if body is None else {"Content-Type": "application/json"}), **(headers or {})}
        try:
            connection.request(method, self._path + path, body, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Given(response.status, found, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise BrokenRuleError(f"{method} {path} got no reply: {type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def at(self, verb: str = "", *, version: str | None = None, model: str | None = None) -> str:
        """The path of a model, or of one of its verbs."""
        path = f"/v2/models/{quote(model or self.model, safe='')}"
        if version is not None:
            path += f"/versions/{quote(version, safe='')}"
        return f"{path}/{verb}" if verb else path

    def infer(self, request: Mapping[str, object], path: str | None = None) -> Given:
        """The reply to an infer request in JSON."""
        return self.call("POST", path or self.at("infer"), msgspec.json.encode(request))

    def metadata(self) -> ModelMetadata:
        """What the server says of the model.

        Raises:
            BrokenRuleError: nothing, or something else than the specification has.
        """
        given = self.get(self.at())
        if given.status != http.client.OK:
            raise BrokenRuleError(f"the model metadata cannot be read: status {given.status}")
        return given.read(ModelMetadata)

    def extensions(self) -> tuple[str, ...]:
        """The extensions that the server announces."""
        return self.get("/v2").read(ServerMetadata).extensions
