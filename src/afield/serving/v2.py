"""Open Inference Protocol v2 over HTTP: its paths and those of Triton's extensions, before the `Protocol`."""

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from afield.errors import ContradictionError
from afield.serving import binary, routing
from afield.serving.health import Health
from afield.serving.http import Reply, Request, refused
from afield.serving.messages import IndexRequest, InferReply, Live, ModelReady, Ready, Statistics
from afield.serving.protocol import Protocol
from afield.serving.routing import ANYONE, Handler, Role, Route
from afield.serving.tally import Tally

MODEL = "/v2/models/{model}"
VERSION = MODEL + "/versions/{version}"
LARGEST_TENSORS = 2**24
BINARY = "application/octet-stream"

_encode = msgspec.json.Encoder().encode
_index = msgspec.json.Decoder(IndexRequest).decode


def routes(protocol: Protocol, health: Callable[[], Health], tally: Tally) -> Mapping[str, Route]:
    """The protocol's paths; `health` says whether the service is ready, `tally` counts inferences."""

    def ready(_: Request) -> Reply:
        found = health()
        if not found.ready:
            return refused(503, found.problem or "no release is loaded yet")
        return _json(Ready())

    def metadata(request: Request) -> Reply:
        return _json(protocol.metadata(*_asked(request)))

    def configuration(request: Request) -> Reply:
        return _json(protocol.configuration(*_asked(request)))

    def model_ready(request: Request) -> Reply:
        model, version = _asked(request)
        protocol.check_name(model)
        if version is None and not protocol.versions():
            return Reply(503, _encode(ModelReady(model, ready=False, error="no release is loaded yet")))
        protocol.release(model, version)
        return _json(ModelReady(model, ready=True))

    def statistics(request: Request) -> Reply:
        model, version = _asked(request)
        protocol.check_name(model)
        versions = protocol.versions() if version is None else [protocol.release(model, version).digest]
        return _json(Statistics([tally.read(model, each) for each in versions]))

    def everything(_: Request) -> Reply:
        listed = protocol.index()
        return _json(Statistics([tally.read(each.name, each.version) for each in listed]))

    def index(request: Request) -> Reply:
        if request.body.strip():
            _index(request.body)
        return _json(protocol.index())

    def infer(request: Request) -> Reply:
        model, version = _asked(request)
        release, start = protocol.release(model, version), time.perf_counter_ns()
        try:
            inferred = protocol.infer(model, version, _content(request), request.headers.get(binary.HEADER))
        except Exception:
            tally.failed(release.digest, time.perf_counter_ns() - start)
            raise
        tally.succeeded(release.digest, inferred.rows, time.perf_counter_ns() - start)
        return _sent(inferred.reply, inferred.tail)

    found = {
        "/v2": _looked_at(lambda _: _json(protocol.server()), role="predict"),
        "/v2/": _looked_at(lambda _: _json(protocol.server()), role="predict"),
        "/v2/health/live": _looked_at(lambda _: _json(Live()), role=ANYONE),
        "/v2/health/ready": _looked_at(ready, role=ANYONE),
        "/v2/models/stats": _looked_at(everything),
        "/v2/repository/index": _looked_at(index, "POST"),
        "/v2/repository/models/{model}/load": _looked_at(_by_hand, "POST", "operate"),
        "/v2/repository/models/{model}/unload": _looked_at(_by_hand, "POST", "operate"),
    }
    for path in (MODEL, VERSION):
        found[path] = _looked_at(metadata, role="predict")
        found[f"{path}/ready"] = _looked_at(model_ready, role="predict")
        found[f"{path}/config"] = _looked_at(configuration)
        found[f"{path}/stats"] = _looked_at(statistics)
        found[f"{path}/infer"] = Route("v2", {"POST": infer}, largest=LARGEST_TENSORS, lane=routing.MODEL)
    return found


def _looked_at(handler: Handler, method: str = "GET", role: Role = "observe") -> Route:
    return Route("v2", {method: handler}, role)


def _by_hand(request: Request) -> Reply:
    raise ContradictionError(
        f"{request.names['model'][:80]} loads its releases by itself; who answers is changed with: "
        "afield release promote, or afield release rollback"
    )


def _asked(request: Request) -> tuple[str, str | None]:
    return request.names["model"], request.names.get("version")


def _content(request: Request) -> bytes:
    encoding = request.headers.get("content-encoding", "identity")
    return request.body if encoding == "identity" else binary.inflated(request.body, encoding, LARGEST_TENSORS)


def _sent(reply: InferReply, tail: bytes | None) -> Reply:
    content = _encode(reply)
    if tail is None:
        return Reply(200, content)
    return Reply(200, content + tail, BINARY, ((binary.HEADER, str(len(content))),))


def _json(message: msgspec.Struct | Sequence[msgspec.Struct]) -> Reply:
    return Reply(200, _encode(message))
