"""CloudEvents 1.0 over HTTP, read in binary, structured and batched mode, with limits on every attribute.

Source: CloudEvents specification 1.0.2, its HTTP protocol binding and its JSON event format.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import unquote

import msgspec

from afield.errors import RequestError

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LONGEST = 512
MOST = 1000
"""Events of one batch."""
_PREFIX = "ce-"
_NAME = re.compile(r"[a-z0-9]{1,40}")


class CloudEvent(msgspec.Struct, frozen=True):
    """One event as it came.

    Attributes:
        id: unique for its source and type.
        source: who sends it.
        type: what it tells.
        time: when it happened, aware; None where it was not said.
        data: its payload as JSON.
        extensions: further attributes, by name.
    """

    id: str
    source: str
    type: str
    time: datetime | None
    data: msgspec.Raw
    extensions: Mapping[str, str] = {}


def read(headers: Mapping[str, str], body: bytes) -> tuple[CloudEvent, ...]:
    """The events of one request; `headers` have names in lower case.

    Raises:
        RequestError: it is no CloudEvent of version 1.0 with a payload in JSON; says which attribute is wrong.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == BATCH:
            batch = msgspec.json.decode(body, type=list[dict[str, msgspec.Raw]])
            if len(batch) > MOST:
                raise RequestError(f"a batch holds at most {MOST} events, this one {len(batch)}")
            return tuple(_structured(each, f"[{place}].") for place, each in enumerate(batch))
        if kind == STRUCTURED:
            return (_structured(msgspec.json.decode(body, type=dict[str, msgspec.Raw]), ""),)
        return (_binary(headers, kind, body),)
    except msgspec.DecodeError as error:
        raise RequestError(f"the body is not the JSON that {kind} promises: {error}") from error


def _binary(headers: Mapping[str, str], kind: str, body: bytes) -> CloudEvent:
    attributes = {
        name.removeprefix(_PREFIX): unquote(value) for name, value in headers.items() if name.startswith(_PREFIX)
    }
    if not attributes:
        raise RequestError(
            f"no CloudEvent: send ce- headers, or a body of {STRUCTURED} or {BATCH}; Content-Type was {kind or 'none'}",
            "content-type",
        )
    if not (kind in ("", "application/json") or kind.endswith("+json")):
        raise RequestError(f"a payload in JSON is expected, not {kind}", "content-type")
    return _event(attributes, _json(body), "")


def _structured(given: Mapping[str, msgspec.Raw], where: str) -> CloudEvent:
    attributes: dict[str, str] = {}
    for name, raw in given.items():
        if name not in ("data", "data_base64"):
            value = msgspec.json.decode(raw)
            attributes[name] = value if isinstance(value, str) else str(value)
    if "data_base64" in given:
        try:
            data = base64.b64decode(msgspec.json.decode(given["data_base64"], type=str), validate=True)
        except binascii.Error as error:
            raise RequestError(str(error), f"{where}data_base64") from error
        return _event(attributes, _json(data), where)
    return _event(attributes, given.get("data", msgspec.Raw(b"null")), where)


def _json(data: bytes) -> msgspec.Raw:
    """A payload that is JSON."""
    return msgspec.json.decode(data or b"null", type=msgspec.Raw)


def _event(attributes: dict[str, str], data: msgspec.Raw, where: str) -> CloudEvent:
    """The event, once its attributes have been looked over."""
    for name, value in attributes.items():
        if not _NAME.fullmatch(name) or len(value) > LONGEST:
            raise RequestError(f"a name of 1 to 40 of a-z, 0-9 and at most {LONGEST} characters", f"{where}{name[:40]}")
    if attributes.pop("specversion", "") != "1.0":
        raise RequestError("CloudEvents of version 1.0 are read", f"{where}specversion")
    for name in ("id", "source", "type"):
        if not attributes.get(name):
            raise RequestError("it is needed", f"{where}{name}")
    said = attributes.pop("time", "")
    try:
        time = msgspec.convert(said, datetime) if said else None
    except msgspec.ValidationError as error:
        raise RequestError(f"RFC 3339 is expected, as 2026-03-02T09:00:00Z: {error}", f"{where}time") from error
    if time is not None and time.tzinfo is None:
        raise RequestError("it needs a zone, as 2026-03-02T09:00:00Z", f"{where}time")
    identity, source, kind = (attributes.pop(name) for name in ("id", "source", "type"))
    return CloudEvent(identity, source, kind, time, data, attributes)
