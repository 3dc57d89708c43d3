"""The rules of Open Inference Protocol v2 over REST, each as one check."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from afield.testing.v2.server import (
    BrokenRuleError,
    Failure,
    Given,
    InferenceResponse,
    Server,
    ServerMetadata,
    SkippedError,
)
from afield.testing.v2.tensors import DATATYPES, flat, inputs, nested

Level = Literal["must", "should", "extension"]
Tensor = Mapping[str, object]

REST = "inference_rest.md"
YAML = "open_inference_rest.yaml"
TENSORS = "required_api.md, Tensor Data"
NOBODY = "there-is-no-such-name"


@dataclass(frozen=True, slots=True)
class Case:
    """A server and the inputs that its model takes.

    Attributes:
        server: under test.
        given: inputs that the caller knows to work; None: made from the metadata.
    """

    server: Server
    given: Sequence[Tensor] | None = None

    def inputs(self) -> list[dict[str, object]]:
        """Inputs that should work."""
        return inputs(self.server.metadata()) if self.given is None else [dict(one) for one in self.given]

    def changed(self, **fields: object) -> dict[str, object]:
        """A request whose first input has other fields; None leaves one out."""
        first, *rest = self.inputs()
        changed = {name: value for name, value in {**first, **fields}.items() if value is not None}
        return {"inputs": [changed, *rest]}

    def good(self, path: str | None = None, **more: object) -> InferenceResponse:
        """The reply to a request that should work."""
        return answered(self.server.infer({"inputs": self.inputs(), **more}, path)).read(InferenceResponse)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: short.
        level: "must" and "should" as the specification means them; "extension" where the server announces it.
        source: where it stands.
        says: the rule in a sentence.
        check: raises `BrokenRuleError` where a server breaks it, `SkippedError` where it does not apply.
    """

    name: str
    level: Level
    source: str
    says: str
    check: Callable[[Case], None]


def answered(given: Given) -> Given:
    """The reply, which is a 200.

    Raises:
        BrokenRuleError: it is not.
    """
    if given.status != 200:
        raise BrokenRuleError(f"status {given.status}: {given.body[:200]!r}")
    return given


def refused(given: Given) -> None:
    """Return where a request was refused as the protocol has it.

    Raises:
        BrokenRuleError: it was accepted, or crashed, or the body is not `{"error": string}`.
    """
    if not 400 <= given.status < 500:
        raise BrokenRuleError(f"status {given.status} instead of 4xx: {given.body[:200]!r}")
    given.read(Failure)


def _live(case: Case) -> None:
    answered(case.server.get("/v2/health/live"))


def _ready(case: Case) -> None:
    answered(case.server.get("/v2/health/ready"))


def _live_body(case: Case) -> None:
    found = answered(case.server.get("/v2/health/live")).read(dict[str, object])
    if found.get("live") is not True:
        raise BrokenRuleError(f'{{"live": true}} is expected, not {found}')


def _server_metadata(case: Case) -> None:
    answered(case.server.get("/v2")).read(ServerMetadata)


def _json(case: Case) -> None:
    for given in (case.server.get("/v2"), case.server.infer({"inputs": case.inputs()})):
        kind = given.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() != "application/json":
            raise BrokenRuleError(f"the content type is {kind!r}")


def _model_ready(case: Case) -> None:
    answered(case.server.get(case.server.at("ready")))


def _model_ready_body(case: Case) -> None:
    found = answered(case.server.get(case.server.at("ready"))).read(dict[str, object])
    if (found.get("name"), found.get("ready")) != (case.server.model, True):
        raise BrokenRuleError(f"name and ready are expected, not {found}")


def _model_metadata(case: Case) -> None:
    metadata = case.server.metadata()
    if metadata.name != case.server.model:
        raise BrokenRuleError(f"the metadata of {case.server.model} are named {metadata.name}")
    for tensor in (*metadata.inputs, *metadata.outputs):
        if tensor.datatype not in DATATYPES:
            raise BrokenRuleError(f"{tensor.name}: {tensor.datatype} is no datatype of the protocol")
        if any(size < -1 for size in tensor.shape):
            raise BrokenRuleError(f"{tensor.name}: shape {list(tensor.shape)}; a variable dimension is -1")


def _versions(case: Case) -> None:
    for version in _named_versions(case):
        for verb in ("", "ready"):
            answered(case.server.get(case.server.at(verb, version=version)))


def _infer_version(case: Case) -> None:
    version = _named_versions(case)[0]
    reply = case.good(case.server.at("infer", version=version))
    if reply.model_version not in (None, version):
        raise BrokenRuleError(f"version {version} was asked and {reply.model_version} answered")


def _infer(case: Case) -> None:
    reply = case.good()
    if reply.model_name != case.server.model:
        raise BrokenRuleError(f"model_name is {reply.model_name!r}")
    if not reply.outputs:
        raise BrokenRuleError("there is no output")


def _outputs_whole(case: Case) -> None:
    for output in case.good().outputs:
        count = len(flat(output.data))
        if output.data is msgspec.UNSET or count != math.prod(output.shape):
            raise BrokenRuleError(f"{output.name}: shape {list(output.shape)} does not hold {count} elements")


def _outputs_described(case: Case) -> None:
    described = {tensor.name: tensor for tensor in case.server.metadata().outputs}
    for output in case.good().outputs:
        tensor = described.get(output.name)
        if tensor is None:
            raise BrokenRuleError(f"{output.name} is not in the metadata")
        fits = len(tensor.shape) == len(output.shape) and all(
            size in (-1, found) for size, found in zip(tensor.shape, output.shape, strict=True)
        )
        if tensor.datatype != output.datatype or not fits:
            raise BrokenRuleError(
                f"{output.name}: {output.datatype} {list(output.shape)}; "
                f"the metadata say {tensor.datatype} {list(tensor.shape)}"
            )


def _elements(case: Case) -> None:
    kinds: Mapping[str, tuple[type, ...]] = {"BOOL": (bool,), "BYTES": (str,)}
    for output in case.good().outputs:
        expected = kinds.get(output.datatype, (int, float) if output.datatype.startswith("FP") else (int,))
        for element in flat(output.data):
            if not isinstance(element, expected) or (isinstance(element, bool) and bool not in expected):
                raise BrokenRuleError(f"{output.name}: {element!r} is no {output.datatype}")


def _id(case: Case) -> None:
    reply = case.good(id="afield-42")
    if reply.id != "afield-42":
        raise BrokenRuleError(f"id is {reply.id!r}")


def _selected(case: Case) -> None:
    names = [output.name for output in case.good().outputs]
    reply = case.good(outputs=[{"name": names[-1]}])
    if [output.name for output in reply.outputs] != names[-1:]:
        raise BrokenRuleError(f"{names[-1]} was asked for; the reply has {[output.name for output in reply.outputs]}")


def _nested(case: Case) -> None:
    first, *rest = case.inputs()
    shape, data = first["shape"], first["data"]
    if not isinstance(shape, list) or not isinstance(data, list) or len(shape) < 2:
        raise SkippedError("the first input has one dimension")
    deep = {**first, "data": nested(flat(data), shape)}
    answered(case.server.infer({"inputs": [deep, *rest]}))


def _unknown_model(case: Case) -> None:
    refused(case.server.get(case.server.at(model=NOBODY)))
    refused(case.server.infer({"inputs": case.inputs()}, case.server.at("infer", model=NOBODY)))


def _unknown_version(case: Case) -> None:
    _named_versions(case)
    refused(case.server.infer({"inputs": case.inputs()}, case.server.at("infer", version=NOBODY)))


def _malformed(case: Case) -> None:
    for body in (b"", b"{", b"[]", b"\xff"):
        refused(case.server.call("POST", case.server.at("infer"), body))


def _no_inputs(case: Case) -> None:
    refused(case.server.infer({}))


def _incomplete(case: Case) -> None:
    for name in ("name", "shape", "datatype", "data"):
        given = case.server.infer(case.changed(**{name: None}))
        try:
            refused(given)
        except BrokenRuleError as error:
            raise BrokenRuleError(f"an input without {name}: {error}") from error


def _wrong_name(case: Case) -> None:
    refused(case.server.infer(case.changed(name=NOBODY)))


def _wrong_datatype(case: Case) -> None:
    refused(case.server.infer(case.changed(datatype="FLOAT")))


def _wrong_size(case: Case) -> None:
    data = case.inputs()[0]["data"]
    if not isinstance(data, list):
        raise SkippedError("the first input has no data in JSON")
    elements = flat(data)
    refused(case.server.infer(case.changed(data=[*elements, *elements[:1]])))


def _wrong_output(case: Case) -> None:
    refused(case.server.infer({"inputs": case.inputs(), "outputs": [{"name": NOBODY}]}))


def _goes_on(case: Case) -> None:
    for body in (b"{", b"[" * 10_000, b'{"inputs":[{"shape":[-1]}]}'):
        case.server.call("POST", case.server.at("infer"), body)
        case.good()


def _named_versions(case: Case) -> tuple[str, ...]:
    versions = case.server.metadata().versions
    if not versions:
        raise SkippedError("the metadata name no versions")
    return versions


RULES = (
    Rule("live", "must", YAML, "GET /v2/health/live is 200", _live),
    Rule("ready", "must", YAML, "GET /v2/health/ready is 200", _ready),
    Rule("live-body", "should", f"{REST}, Server Live", 'it says {"live": true}', _live_body),
    Rule("server", "must", f"{REST}, Server Metadata", "GET /v2 has name, version, extensions", _server_metadata),
    Rule("model-ready", "must", f"{REST}, Model Ready", "GET …/ready is 200 for a loaded model", _model_ready),
    Rule("model-ready-body", "should", f"{REST}, Model Ready", "it says name and ready", _model_ready_body),
    Rule("metadata", "must", f"{REST}, Model Metadata", "they have name, platform, inputs, outputs", _model_metadata),
    Rule("versions", "must", f"{REST}, Model Metadata", "every version that they name is there", _versions),
    Rule("infer", "must", f"{REST}, Inference", "POST …/infer is 200 with model_name and outputs", _infer),
    Rule("infer-version", "must", f"{REST}, Inference", "the version in the path answers", _infer_version),
    Rule("json", "should", f"{REST}, Inference", "replies in JSON say so", _json),
    Rule("outputs-whole", "must", TENSORS, "an output has as many elements as its shape holds", _outputs_whole),
    Rule("outputs-described", "must", f"{REST}, Model Metadata", "outputs are as the metadata say", _outputs_described),
    Rule("elements", "must", TENSORS, "elements are of their datatype", _elements),
    Rule("id", "must", f"{REST}, Inference", "the id of a request is in its reply", _id),
    Rule("outputs", "must", f"{REST}, Request Output", "only outputs that are asked for come back", _selected),
    Rule("nested", "must", TENSORS, "data may be nested in the shape of the tensor", _nested),
    Rule("unknown-model", "must", f"{REST}, Inference", "an unknown model is 4xx with error", _unknown_model),
    Rule("unknown-version", "must", f"{REST}, Inference", "an unknown version is 4xx with error", _unknown_version),
    Rule("malformed", "must", f"{REST}, Inference", "what is no JSON object is 4xx with error", _malformed),
    Rule("no-inputs", "must", YAML, "a request without inputs is 4xx with error", _no_inputs),
    Rule("incomplete", "must", YAML, "an input without a required field is 4xx with error", _incomplete),
    Rule("wrong-name", "must", f"{REST}, Request Input", "an unknown input is 4xx with error", _wrong_name),
    Rule(
        "wrong-datatype", "must", f"{REST}, Tensor Data Types", "an unknown datatype is 4xx with error", _wrong_datatype
    ),
    Rule("wrong-size", "must", TENSORS, "data that do not fill the shape are 4xx with error", _wrong_size),
    Rule("wrong-output", "must", f"{REST}, Request Output", "an unknown output is 4xx with error", _wrong_output),
    Rule("goes-on", "must", f"{REST}, Inference", "after a bad request the next good one is answered", _goes_on),
)
