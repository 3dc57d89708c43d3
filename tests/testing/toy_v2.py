"""A small server of Open Inference Protocol v2 that keeps every rule, and ways to break one of them each."""

import json
import math
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON, BYTES = "application/json", "application/octet-stream"
LENGTH = "Inference-Header-Content-Length"
FORMATS = {"FP32": "f", "INT64": "q"}


@dataclass
class Asked:
    method: str
    path: str
    body: bytes
    length: str | None


@dataclass
class Told:
    status: int
    json: object
    tail: bytes | None = None
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


Answers = Callable[[Asked], Told]
Break = Callable[[Answers, Asked], Told]


class RefusedError(Exception):
    """The toy refuses a request."""


def answer(asked: Asked) -> Told:
    """What a server does that keeps every rule: it adds the columns of `x`, and counts them."""
    try:
        return _answer(asked)
    except (RefusedError, ValueError, KeyError, TypeError, RecursionError, struct.error) as error:
        return Told(400, {"error": f"{type(error).__name__}: {error}"})


def _answer(asked: Asked) -> Told:
    match asked.method, asked.path.split("/")[1:]:
        case "GET", ["v2", "health", _]:
            return Told(200, {"live": True})
        case "GET", ["v2"]:
            return Told(200, {"name": "toy", "version": "1", "extensions": ["binary_tensor_data"]})
        case "GET", ["v2", "models", "sums"] | ["v2", "models", "sums", "versions", "1"]:
            return Told(200, METADATA)
        case "GET", ["v2", "models", "sums", "ready"] | ["v2", "models", "sums", "versions", "1", "ready"]:
            return Told(200, {"name": "sums", "ready": True})
        case "POST", ["v2", "models", "sums", "infer"] | ["v2", "models", "sums", "versions", "1", "infer"]:
            return infer(asked)
    return Told(404, {"error": "there is nothing here"})


METADATA = {
    "name": "sums",
    "versions": ["1"],
    "platform": "toy",
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
    "outputs": [
        {"name": "sum", "datatype": "FP32", "shape": [-1]},
        {"name": "count", "datatype": "INT64", "shape": [-1]},
    ],
}


def infer(asked: Asked) -> Told:
    end = len(asked.body) if asked.length is None else int(asked.length)
    request, tail = json.loads(asked.body[:end]), asked.body[end:]
    ((name, shape, datatype, data),) = (
        (one["name"], one["shape"], one["datatype"], elements(one, tail)) for one in request["inputs"]
    )
    if (name, datatype, len(shape)) != ("x", "FP32", 2) or min(shape) < 0 or len(data) != math.prod(shape):
        raise RefusedError("x FP32 [n, 2]")
    sums = [sum(data[place : place + 2]) for place in range(0, len(data), 2)]
    everything = {"sum": ("FP32", sums), "count": ("INT64", [2] * len(sums))}
    parameters, outputs, tail = request.get("parameters", {}), [], b""
    for wanted in request.get("outputs") or [{"name": name} for name in everything]:
        kind, values = everything[wanted["name"]]
        output = {"name": wanted["name"], "datatype": kind, "shape": [len(values)]}
        default = parameters.get("binary_data_output", False)
        if wanted.get("parameters", {}).get("binary_data", default):
            raw = struct.pack(f"<{len(values)}{FORMATS[kind]}", *values)
            outputs.append({**output, "parameters": {"binary_data_size": len(raw)}})
            tail += raw
        else:
            outputs.append({**output, "data": values})
    reply = {"model_name": "sums", "model_version": "1", "outputs": outputs}
    if "id" in request:
        reply["id"] = request["id"]
    binary = any("parameters" in output for output in outputs)
    return Told(200, reply, tail if binary else None, BYTES if binary else JSON)


def elements(one: dict[str, object], tail: bytes) -> list[float]:
    size = one.get("parameters", {}).get("binary_data_size")
    if size is not None:
        if size != len(tail):
            raise RefusedError("another size")
        return list(struct.unpack(f"<{size // 4}f", tail))
    return flat(one["data"])


def flat(data: object) -> list[float]:
    return [element for each in data for element in flat(each)] if isinstance(data, list) else [data]


def on(part: str, change: Callable[[Told], Told], status: int = 200) -> Break:
    """Break replies of this status at paths that end so."""

    def broken(answers: Answers, asked: Asked) -> Told:
        told = answers(asked)
        return change(told) if asked.path.endswith(part) and told.status == status else told

    return broken


def said(**fields: object) -> Callable[[Told], Told]:
    """Change fields of the JSON; None takes one out."""

    def change(told: Told) -> Told:
        changed = {name: value for name, value in {**told.json, **fields}.items() if value is not None}
        return Told(told.status, changed, told.tail, told.kind)

    return change


def outputs(**fields: object) -> Callable[[Told], Told]:
    """Change fields of each output in the JSON."""
    return lambda told: said(outputs=[{**one, **fields} for one in told.json["outputs"]])(told)


def status(number: int) -> Callable[[Told], Told]:
    return lambda told: Told(number, told.json, told.tail, told.kind)


def lenient(what: str) -> Break:
    """Answer infer requests with this in their body, or this error, as if they were good."""

    def broken(answers: Answers, asked: Asked) -> Told:
        told = answers(asked)
        if (
            told.status < 400
            or not asked.path.endswith("infer")
            or what not in f"{told.json}{asked.body.decode('latin-1')}"
        ):
            return told
        good = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [0.0, 0.0]}]}
        return infer(Asked("POST", asked.path, json.dumps(good).encode(), None))

    return broken


def dies(answers: Answers, asked: Asked) -> Told:
    """Fail for ever once a body was malformed."""
    state = getattr(dies, "state", None)
    if asked.body == b"{":
        dies.state = "dead"
    return Told(500, {"error": "dead"}) if state == "dead" else answers(asked)


def no_nesting(answers: Answers, asked: Asked) -> Told:
    return Told(400, {"error": "flat data are expected"}) if b"[[" in asked.body else answers(asked)


def everything(answers: Answers, asked: Asked) -> Told:
    return answers(Asked(asked.method, asked.path, asked.body.replace(b'"outputs"', b'"ignored"'), None))


def big_endian(told: Told) -> Told:
    return Told(told.status, told.json, told.tail[::-1], told.kind) if told.tail else told


def guess_header(answers: Answers, asked: Asked) -> Told:
    if asked.length is None and b"binary_data_size" in asked.body:
        end = asked.body.rindex(b"}") + 1
        return answers(Asked(asked.method, asked.path, asked.body, str(end)))
    return answers(asked)


def all_binary(answers: Answers, asked: Asked) -> Told:
    body = asked.body.replace(b'"binary_data":false', b'"binary_data":true ')
    return answers(Asked(asked.method, asked.path, body, asked.length))


def any_size(answers: Answers, asked: Asked) -> Told:
    told = answers(asked)
    return lenient("another size")(answers, asked) if told.status == 400 else told


BREAKS: dict[str, Break] = {
    "live": on("live", status(503)),
    "ready": on("health/ready", status(404)),
    "live-body": on("live", said(live=None, status="up")),
    "server": on("/v2", said(extensions=None)),
    "model-ready": on("sums/ready", status(400)),
    "model-ready-body": on("sums/ready", said(ready=None)),
    "metadata": on("sums", said(platform=None)),
    "versions": on("versions/1", status(404)),
    "infer": on("infer", said(model_name=None)),
    "infer-version": on("versions/1/infer", said(model_version="2")),
    "json": on("infer", lambda told: Told(told.status, told.json, told.tail, "text/plain")),
    "outputs-whole": on("infer", outputs(shape=[2])),
    "outputs-described": on("infer", outputs(datatype="FP64")),
    "elements": on("infer", outputs(data=["0.0"])),
    "id": on("infer", said(id="other")),
    "outputs": everything,
    "nested": no_nesting,
    "unknown-model": on("infer", status(500), 404),
    "unknown-version": lambda answers, asked: answers(
        Asked(asked.method, asked.path.replace("there-is-no-such-name", "1"), asked.body, asked.length)
    ),
    "malformed": on("infer", lambda _: Told(400, {"detail": "no"}), 400),
    "no-inputs": lenient("KeyError: 'inputs'"),
    "incomplete": lenient("KeyError: 'datatype'"),
    "wrong-name": lenient("there-is-no-such-name"),
    "wrong-datatype": lenient('"FLOAT"'),
    "wrong-size": lenient("[0.0,0.0,0.0]"),
    "wrong-shape": lenient('"shape":[-1,-2]'),
    "wrong-output": lenient('"outputs":[{"name":"there'),
    "goes-on": dies,
    "binary-request": lambda answers, asked: (
        Told(400, {"error": "JSON alone"}) if asked.length and len(asked.body) > int(asked.length) else answers(asked)
    ),
    "binary-reply": on("infer", big_endian),
    "binary-one": all_binary,
    "binary-wrong-size": any_size,
    "binary-no-header": guess_header,
}  # fmt: skip


@contextmanager
def serving(broken: str | Break = "") -> Iterator[str]:
    """The address of the toy, with one rule broken, or broken in a way of one's own."""
    dies.state = None
    breaks = BREAKS[broken] if isinstance(broken, str) and broken else broken

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, body, self.headers.get(LENGTH))
            told = breaks(answer, asked) if callable(breaks) else answer(asked)
            content = json.dumps(told.json).encode()
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            if told.tail is not None:
                self.send_header(LENGTH, str(len(content)))
            self.send_header("Content-Length", str(len(content) + len(told.tail or b"")))
            self.end_headers()
            self.wfile.write(content + (told.tail or b""))

        do_GET = do_POST = _reply  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
