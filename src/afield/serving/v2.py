"""Open Inference Protocol v2 over HTTP: its paths, before the `Protocol` that answers."""

from collections.abc import Callable, Mapping

import msgspec

from afield.serving.health import Health
from afield.serving.http import Reply, Request, refused
from afield.serving.protocol import Protocol
from afield.serving.routing import Route

MODEL = "/v2/models/{model}"
VERSION = MODEL + "/versions/{version}"

_encode = msgspec.json.Encoder().encode


def routes(protocol: Protocol, health: Callable[[], Health]) -> Mapping[str, Route]:
    """The protocol's paths; `health` says whether the service is ready."""

    def server(_: Request) -> Reply:
        return Reply(200, _encode(protocol.server()))

    def live(_: Request) -> Reply:
        return Reply(200, _encode({"live": True}))

    def ready(_: Request) -> Reply:
        found = health()
        if not found.ready:
            return refused(503, found.problem or "no release is loaded yet")
        return Reply(200, _encode({"live": True, "ready": True}))

    def metadata(request: Request) -> Reply:
        return Reply(200, _encode(protocol.metadata(*_asked(request))))

    def model_ready(request: Request) -> Reply:
        model, version = _asked(request)
        found = protocol.ready(model, version)
        return Reply(200 if found else 503, _encode({"name": model, "ready": found}))

    def infer(request: Request) -> Reply:
        if "inference-header-content-length" in request.headers:
            return refused(400, "binary tensors are not read here; send JSON (tritonclient: binary_data=False)")
        return Reply(200, _encode(protocol.infer(*_asked(request), request.body)))

    found: dict[str, Route] = {
        "/v2": Route("v2", {"GET": server}, "observe"),
        "/v2/health/live": Route("v2", {"GET": live}, "observe"),
        "/v2/health/ready": Route("v2", {"GET": ready}, "observe"),
    }
    for path in (MODEL, VERSION):
        found[path] = Route("v2", {"GET": metadata}, "observe")
        found[f"{path}/ready"] = Route("v2", {"GET": model_ready}, "observe")
        found[f"{path}/infer"] = Route("v2", {"POST": infer})
    return found


def _asked(request: Request) -> tuple[str, str | None]:
    return request.names["model"], request.names.get("version")
