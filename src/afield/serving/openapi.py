"""The service's own description, `GET /openapi.json`: OpenAPI 3.1, made from its routes and types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from afield.records.traffic import Answer, Contest, Ingest, TelemetryBatch
from afield.serving import messages, tensors
from afield.serving.asking import Asked
from afield.serving.batches import MOST, Refusal
from afield.serving.health import Health
from afield.serving.http import JSON, LARGEST_BODY, Reply, Request
from afield.serving.inputs import FEATURES, KEYS
from afield.serving.protocol import Protocol
from afield.serving.routing import ANYONE, Route
from afield.serving.schemas import ERROR, REF, Schema, near, of_facts, schemas

VERSION = "3.1.0"
PATH = "/openapi.json"
BYTES = "application/octet-stream"
PLAIN = "text/plain"

Paths = Mapping[str, Route]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        summary: what it is for.
        takes: schema of the body, None where there is none.
        gives: schema of a reply that is no refusal; None where it is no JSON.
        kind: media type of such a reply.
        status: its status.
        description: more about it.
        example: a body that works.
        optional: whether the body may be left out.
    """

    summary: str
    takes: Schema | None = None
    gives: Schema | None = None
    kind: str = JSON
    status: int = 200
    description: str = ""
    example: object = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """What the description is made from.

    Attributes:
        version: of the service's code.
        asked: the application's own route.
        kinds: kind of fact → type of its fields.
        protocol: knows the model's inputs and outputs.
        keys: gives the keys there are feature rows of.
        sample: gives the body of a question that works now, as JSON; "" where there is none.
        now: gives the moment at which the service stands; None before its first tick.
        secured: tells whether a token is asked for.
    """

    version: str
    asked: Asked
    kinds: Mapping[str, type[msgspec.Struct]]
    protocol: Protocol
    keys: Callable[[], tuple[str, ...]]
    sample: Callable[[], str]
    now: Callable[[], datetime | None] = lambda: None
    secured: Callable[[], bool] = lambda: False


def routes(described: Described, paths: Callable[[], Paths]) -> Paths:
    """The route of the description; `paths` gives everything that is served."""

    def give(_: Request) -> Reply:
        return Reply(200, msgspec.json.encode(document(described, paths())))

    return {PATH: Route("other", {"GET": give}, "predict")}


def document(described: Described, paths: Paths) -> Schema:
    """The OpenAPI document of what is served at `paths`; pages are left out."""
    known, components = operations(described)
    listed: dict[str, Schema] = {}
    for path, route in paths.items():
        if route.label == "other" and path != PATH:
            continue
        listed[path] = {
            method.lower(): _written(
                known.get((method, path), Operation(route.label, kind="*/*")), method, path, route, described
            )
            for method in route.methods
        }
        names = [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
        if names:
            listed[path]["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": _named(name, described)} for name in names
            ]
    found: Schema = {
        "openapi": VERSION,
        "info": {
            "title": f"{described.protocol.application}, served by Afield",
            "version": described.version,
            "description": 'Every refusal is `{"error": …}`. `X-Request-Id` comes back with every reply.',
        },
        "paths": listed,
        "components": {"schemas": {"Error": ERROR, **components}},
    }
    if described.secured():
        found["components"] = {
            "schemas": {"Error": ERROR, **components},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        }
    return found


def _written(operation: Operation, method: str, path: str, route: Route, described: Described) -> Schema:
    content: Schema = {operation.kind: {"schema": operation.gives} if operation.gives is not None else {}}
    written: Schema = {
        "summary": operation.summary,
        "operationId": f"{method.lower()} {path}",
        "tags": [route.label],
        "responses": {
            str(operation.status): {"description": "It is done.", "content": content},
            "default": {
                "description": "It is refused, or failed.",
                "content": {JSON: {"schema": {"$ref": REF.format(name="Error")}}},
            },
        },
    }
    if operation.description:
        written["description"] = operation.description
    if operation.takes is not None:
        body: Schema = {"schema": operation.takes}
        if operation.example is not None:
            body["example"] = operation.example
        written["requestBody"] = {"required": not operation.optional, "content": {JSON: body}}
    if described.secured() and route.role != ANYONE:
        written["security"] = [{"token": []}]
    return written


def operations(described: Described) -> tuple[dict[tuple[str, str], Operation], dict[str, Schema]]:
    """What is known of each method and path, and the schemas that they refer to."""
    types = (
        described.asked.request, Answer, Refusal, Ingest, TelemetryBatch, Health,
        messages.ServerMetadata, messages.Live, messages.Ready, messages.Metadata, messages.ModelReady,
        messages.Configuration, messages.Statistics, messages.InferReply, messages.IndexRequest,
        list[messages.Listed], dict[str, int], Contest,
    )  # fmt: skip
    made, components = schemas(types)
    fact, fields = of_facts(described.kinds, components["Fact"])
    components.update({**fields, "Fact": fact})
    for name in ("Fact", "Ingest", "Contest"):
        components[name] = near(components[name], described.now())
    request, answer, refusal, ingest, telemetry, health, server, live, ready, metadata, model_ready = made[:11]
    configuration, statistics, inferred, index, listed, counts, contest = made[11:]
    route, sample = f"/v1/{described.asked.route}", described.sample()
    again = "With an `Idempotency-Key`, a request that is sent again is answered as before, and recorded once."
    example = msgspec.json.decode(sample) if sample else None
    most = max(described.asked.largest, LARGEST_BODY)
    known = {
        ("POST", route): Operation("Ask", request, answer, description=again, example=example),
        ("POST", f"{route}/batch"): Operation(
            "Ask many questions at once",
            _batch(route),
            _object(answers={"type": "array", "items": {"anyOf": [answer, refusal]}}),
            description=f"Each is answered or refused alone, in order. {again}",
            # Tools repeat an example as often as a batch may hold; one that is large would be no body that is read.
            example={"requests": [example]} if 0 < len(sample) * MOST <= most else None,
        ),
        ("POST", "/v1/events"): Operation("Tell what happened: facts and outcomes", ingest, counts, status=202),
        ("POST", "/v1/contest"): Operation(
            "Say that an answer was wrong",
            contest,
            counts,
            status=202,
            description="`about` is the id of the answer, or of a thing that it holds. A person looks at it first.",
        ),
        ("POST", "/v1/telemetry"): Operation("Hand over events recorded elsewhere", telemetry, counts, status=202),
        ("GET", "/v1/keys"): Operation("Public keys that count", gives=_object(keys={"type": "object"})),
        ("GET", "/v1/bundles/champion"): Operation(
            "Who answers", gives=_object(release={"type": "string"}, mode={"type": "string"})
        ),
        ("GET", "/v1/bundles/{release}"): Operation(
            "The signed statement of a release",
            gives=_object(manifest={"type": "object"}, signature={"type": "object"}),
        ),
        ("GET", "/v1/bundles/{release}/{file}"): Operation("A file of a release, by its digest", kind=BYTES),
        ("GET", "/v1/snapshots/rows"): Operation("The newest feature rows", kind=BYTES),
        ("GET", "/v1/snapshots/control"): Operation("The newest control state", kind=BYTES),
        ("GET", "/healthz"): Operation("Who answers, how old its knowledge is, and what is wrong", gives=health),
        ("GET", "/metrics"): Operation("Measures as Prometheus reads them", kind=PLAIN),
        ("GET", PATH): Operation("This description", gives={"type": "object"}),
        ("GET", "/v2"): Operation("Server metadata", gives=server),
        ("GET", "/v2/"): Operation("Server metadata", gives=server),
        ("GET", "/v2/health/live"): Operation("Whether the server is there", gives=live),
        ("GET", "/v2/health/ready"): Operation("Whether the server answers", gives=ready),
        ("GET", "/v2/models/stats"): Operation("Statistics of every version", gives=statistics),
        ("POST", "/v2/repository/index"): Operation("Loaded versions", index, listed, optional=True),
    }
    for path in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
        known |= {
            ("GET", path): Operation("Model metadata", gives=metadata),
            ("GET", f"{path}/ready"): Operation("Whether the model answers", gives=model_ready),
            ("GET", f"{path}/config"): Operation("Model configuration", gives=configuration),
            ("GET", f"{path}/stats"): Operation("Statistics of the model", gives=statistics),
            ("POST", f"{path}/infer"): Operation(
                "Infer",
                _inference(described),
                inferred,
                description="Described here for one row, so that a machine can check it: n rows are sent as shape "
                "[n, columns] with n × columns numbers, in any numeric datatype, in JSON or as binary tensors.",
            ),
        }
    return known, components


def _named(name: str, described: Described) -> Schema:
    """What may stand in a path for a name of its pattern."""
    known = {"model": [described.protocol.application], "version": described.protocol.versions()}.get(name)
    return {"type": "string", "enum": known} if known else {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _batch(route: str) -> Schema:
    bodies = {"type": "array", "minItems": 1, "maxItems": MOST, "items": {}, "description": f"Bodies of POST {route}."}
    return {**_object(requests=bodies), "additionalProperties": False}


def _inference(described: Described) -> Schema:
    """An infer request of one row, or of one key."""
    versions = described.protocol.versions()
    if not versions:
        return {"type": "object"}
    metadata = described.protocol.metadata(described.protocol.application, None)
    columns = metadata.inputs[0].shape[-1]
    number = {"type": "number", "minimum": -tensors.LARGEST["FP32"], "maximum": tensors.LARGEST["FP32"]}
    inputs = [_input(FEATURES, "FP32", [1, columns], number, columns)]
    if described.keys():
        inputs.append(_input(KEYS, "BYTES", [1], {"enum": list(described.keys())}, 1))
    wanted = _object(name={"enum": [one.name for one in metadata.outputs]})
    request = _object(inputs={"type": "array", "minItems": 1, "maxItems": 1, "items": {"anyOf": inputs}})
    properties = request["properties"]
    more = {"id": {"type": ["string", "null"]}, "outputs": {"type": "array", "maxItems": 1, "items": wanted}}
    return {**request, "properties": {**properties, **more}} if isinstance(properties, dict) else request


def _input(name: str, datatype: str, shape: list[int], item: Schema, many: int) -> Schema:
    return _object(
        name={"const": name},
        datatype={"const": datatype},
        shape={"const": shape},
        data={"type": "array", "minItems": many, "maxItems": many, "items": item},
    )


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}
