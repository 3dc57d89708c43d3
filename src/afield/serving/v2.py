"""Open Inference Protocol v2 over HTTP: its paths and those of Triton's extensions, before the `Protocol`."""

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from afield.errors import ContradictionError
from afield.serving import binary, routing
from afield.serving.apart import attempt
from afield.serving.health import Health
from afield.serving.http import Reply, Request, failed, refused
from afield.serving.messages import IndexRequest, InferReply, Live, ModelReady, Ready, Statistics
from afield.serving.outputs import Inferred
from afield.serving.protocol import Call, Protocol
from afield.serving.releases import Release
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

    def infer(requests: Sequence[Request]) -> list[Reply]:
        start = time.perf_counter_ns()
        calls = [attempt(_call, request) for request in requests]
        given = iter(protocol.infer([each for each in calls if isinstance(each, Call)]))
        found = [next(given) if isinstance(each, Call) else each for each in calls]
        ns = time.perf_counter_ns() - start
        return [noted(request, each, ns) for request, each in zip(requests, found, strict=True)]

    def noted(request: Request, found: Inferred | Exception, ns: int) -> Reply:
        if isinstance(found, Inferred):
            tally.succeeded(found.reply.model_version, found.rows, ns, 1 / found.together)
            return _sent(found.reply, found.tail)
        release = attempt(protocol.release, *_asked(request))
        if isinstance(release, Release):
            tally.failed(release.digest, ns)
        return failed(found, request.identity)

    inferring = Route(
        "v2",
        {"POST": lambda request: infer((request,))[0]},
        largest=LARGEST_TENSORS,
        together=infer,
        lane=routing.MODEL,
    )
    found = {
        "/v2": _looked_at(lambda _: _json(protocol.server()), role="predict"),
        "/v2/": _looked_at(lambda _: _json(protocol.server()), role="predict"),
        **signs_of_life(health),
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
        found[f"{path}/infer"] = inferring
    return found


def signs_of_life(health: Callable[[], Health]) -> Mapping[str, Route]:
    """`/v2/health/live` and `/v2/health/ready`, asked without a token; `health` says whether the service is ready."""

    def ready(_: Request) -> Reply:
        found = health()
        if not found.ready:
            return refused(503, found.problem or "no release is loaded yet")
        return _json(Ready())

    return {
        "/v2/health/live": _looked_at(lambda _: _json(Live()), role=ANYONE),
        "/v2/health/ready": _looked_at(ready, role=ANYONE),
    }


def _looked_at(handler: Handler, method: str = "GET", role: Role = "observe") -> Route:
    return Route("v2", {method: handler}, role)


def _by_hand(request: Request) -> Reply:
    raise ContradictionError(
        f"{request.names['model'][:80]} loads its releases by itself; who answers is changed with: "
        "afield release promote, or afield release rollback"
    )


def _asked(request: Request) -> tuple[str, str | None]:
    return request.names["model"], request.names.get("version")


def _call(request: Request) -> Call:
    model, version = _asked(request)
    encoding = request.headers.get("content-encoding", "identity")
    body = request.body if encoding == "identity" else binary.inflated(request.body, encoding, LARGEST_TENSORS)
    return Call(model, version, body, request.headers.get(binary.HEADER))


def _sent(reply: InferReply, tail: bytes | None) -> Reply:
    content = _encode(reply)
    if tail is None:
        return Reply(200, content)
    return Reply(200, content + tail, BINARY, ((binary.HEADER, str(len(content))),))


def _json(message: msgspec.Struct | Sequence[msgspec.Struct]) -> Reply:
    return Reply(200, _encode(message))
