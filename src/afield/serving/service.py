"""The service: routes by dictionary, one reply for every request."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from afield.records.traffic import Counts, Query
from afield.serving.access import Access
from afield.serving.bundles import Bundles
from afield.serving.health import HealthReader
from afield.serving.http import LARGEST_BODY, NotFoundError, Reply, Request, failed, refused
from afield.serving.ingestion import Ingestion
from afield.serving.metrics import Metrics
from afield.serving.pages import Pages
from afield.serving.predictor import Predictor
from afield.serving.protocol import Protocol

Handler = Callable[[Request], Reply]
ANSWERS = "answers"
TEXT = "text/plain; version=0.0.4; charset=utf-8"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Route:
    """What a path answers to.

    Attributes:
        label: what the counters call it.
        methods: method → handler.
    """

    label: str
    methods: Mapping[str, Handler]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a client asks for an answer.

    Attributes:
        route: the last part of `/v1/ROUTE`.
        request: type of the body, decoded strictly.
        resolve: the decoded body → query.
        largest: bytes of the body that are read at most.
    """

    route: str
    request: type[msgspec.Struct]
    resolve: Callable[..., Query]
    largest: int = LARGEST_BODY


class Service:
    """Replies to requests, from any thread; answers are given one at a time in a process."""

    def __init__(
        self,
        asked: Asked,
        predictor: Predictor,
        *,
        access: Access,
        ingestion: Ingestion,
        bundles: Bundles,
        protocol: Protocol,
        metrics: Metrics,
        health: HealthReader,
        counts: Callable[[], Counts],
        pages: Pages | None = None,
        keys: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Serve `predictor` and what stands beside it.

        `counts` gives the telemetry counts, `pages` what people see, `keys` the public keys (hex) by their names.
        """
        self._decoder = msgspec.json.Decoder(asked.request)
        self._resolve = asked.resolve
        self._largest, self._asked = asked.largest, f"/v1/{asked.route}"
        self._predictor = predictor
        self._access = access
        self._ingestion = ingestion
        self._bundles = bundles
        self._protocol = protocol
        self._metrics = metrics
        self._health = health
        self._counts = counts
        self._pages = pages or Pages("")
        self._keys = keys
        self._turn = threading.Lock()
        self._exact: dict[str, Route] = {
            self._asked: Route(ANSWERS, {"POST": self._answer}),
            "/v1/events": Route("events", {"POST": self._facts}),
            "/v1/telemetry": Route("telemetry", {"POST": self._events}),
            "/v1/keys": Route("bundles", {"GET": self._trusted}),
            "/v1/bundles/champion": Route("bundles", {"GET": self._champion}),
            "/healthz": Route("healthz", {"GET": self._healthz}),
            "/metrics": Route("metrics", {"GET": self._measures}),
            "/v2": Route("v2", {"GET": self._server}),
            "/v2/health/live": Route("v2", {"GET": self._live}),
            "/v2/health/ready": Route("v2", {"GET": self._ready}),
        }

    def largest(self, path: str) -> int:
        """Bytes of a body that are read at most at `path`."""
        return self._largest if path == self._asked else LARGEST_BODY

    def reply(self, request: Request) -> Reply:
        """The reply to one request, whatever it is."""
        route = self._exact.get(request.path) or self._matched(request.path)
        try:
            reply = self._routed(request, route)
        except Exception as error:  # every failure becomes a reply; the unexpected ones are logged there
            reply = failed(error)
        self._metrics.request(route.label if route else "other", reply.status)
        return reply

    def _routed(self, request: Request, route: Route | None) -> Reply:
        refusal = self._access.refusal(request.headers)
        if refusal is not None:
            headers = (("www-authenticate", "Bearer"),) if refusal[0] == 401 else ()
            return refused(*refusal, headers)
        if route is None:
            raise NotFoundError("nothing is served at this path")
        handler = route.methods.get(request.method)
        if handler is None:
            allowed = ", ".join(route.methods)
            return refused(405, f"this path answers to {allowed}", (("allow", allowed),))
        return handler(request)

    def _matched(self, path: str) -> Route | None:
        """The route of a path that holds names, or that is a page."""
        if self._pages.find(path) is not None:
            return Route("other", {"GET": self._page})
        match path.split("/"):
            case ["", "v1", "bundles", _] | ["", "v1", "bundles", _, _]:
                return Route("bundles", {"GET": self._bundle})
            case ["", "v2", "models", _, *rest]:
                after = rest[2:] if rest[:1] == ["versions"] and len(rest) > 1 else rest
                if after in ([], ["ready"]):
                    return Route("v2", {"GET": self._model})
                if after == ["infer"]:
                    return Route("v2", {"POST": self._infer})
        return None

    def _answer(self, request: Request) -> Reply:
        with self._turn:
            start = time.perf_counter()
            answer = self._predictor.answer(self._resolve(self._decoder.decode(request.body)))
            self._metrics.answer(answer, time.perf_counter() - start)
        return Reply(200, _encode(answer))

    def _facts(self, request: Request) -> Reply:
        with self._turn:
            return Reply(202, _encode(self._ingestion.facts(request.body)))

    def _events(self, request: Request) -> Reply:
        with self._turn:
            return Reply(202, _encode(self._ingestion.events(request.body)))

    def _healthz(self, _: Request) -> Reply:
        return Reply(200, _encode(self._health.read()))

    def _measures(self, _: Request) -> Reply:
        return Reply(200, self._metrics.text(self._health.read(), self._counts()), TEXT)

    def _server(self, _: Request) -> Reply:
        return Reply(200, _encode(self._protocol.server()))

    def _live(self, _: Request) -> Reply:
        return Reply(200, _encode({"live": True}))

    def _ready(self, _: Request) -> Reply:
        health = self._health.read()
        if not health.ready:
            return refused(503, health.problem or "no release is loaded yet")
        return Reply(200, _encode({"live": True, "ready": True}))

    def _page(self, request: Request) -> Reply:
        page = self._pages.find(request.path)
        if page is None:
            raise NotFoundError("there is no such page")
        return page

    def _trusted(self, _: Request) -> Reply:
        return Reply(200, _encode({"keys": self._keys()}), headers=(("cache-control", "no-cache"),))

    def _champion(self, _: Request) -> Reply:
        control = self._predictor.situation.control
        if not control.champion:
            raise NotFoundError("no release is live yet")
        told = {"release": control.champion, "mode": control.mode}
        return Reply(200, _encode(told), headers=(("cache-control", "no-cache"),))

    def _bundle(self, request: Request) -> Reply:
        release, *file = request.path.split("/")[3:]
        content = self._bundles.file(release, file[0]) if file else self._bundles.statement(release)
        if content is None:
            raise NotFoundError("there is no such release or file; ask by the digests of a manifest")
        kind = "application/octet-stream" if file else "application/json"
        return Reply(200, content, kind, (("cache-control", "public, max-age=31536000, immutable"),))

    def _model(self, request: Request) -> Reply:
        model, version, verb = _versioned(request.path)
        if verb != "ready":
            return Reply(200, _encode(self._protocol.metadata(model, version)))
        ready = self._protocol.ready(model, version)
        return Reply(200 if ready else 503, _encode({"name": model, "ready": ready}))

    def _infer(self, request: Request) -> Reply:
        if "inference-header-content-length" in request.headers:
            return refused(400, "binary tensors are not read here; send JSON (tritonclient: binary_data=False)")
        model, version, _ = _versioned(request.path)
        with self._turn:
            return Reply(200, _encode(self._protocol.infer(model, version, request.body)))


def _versioned(path: str) -> tuple[str, str | None, str]:
    """Model, version and verb of `/v2/models/MODEL[/versions/VERSION][/VERB]`."""
    _, _, _, model, *rest = path.split("/")
    version = rest[1] if rest[:1] == ["versions"] and len(rest) > 1 else None
    after = rest[2:] if version is not None else rest
    return model, version, after[0] if after else ""
