"""The rules about requests that do not fit: refused as the protocol has it, and the next good one is answered."""

from afield.testing.v2.case import REST, TENSORS, YAML, Case, Rule, named_versions, refused
from afield.testing.v2.server import BrokenRuleError, SkippedError
from afield.testing.v2.tensors import flat

NOBODY = "there-is-no-such-name"


def _unknown_model(case: Case) -> None:
    refused(case.server.get(case.server.at(model=NOBODY)))
    refused(case.server.infer({"inputs": case.inputs()}, case.server.at("infer", model=NOBODY)))


def _unknown_version(case: Case) -> None:
    named_versions(case)
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
    _check_described(case)
    refused(case.server.infer(case.changed(name=NOBODY)))


def _wrong_datatype(case: Case) -> None:
    refused(case.server.infer(case.changed(datatype="FLOAT")))


def _wrong_shape(case: Case) -> None:
    _check_described(case)
    first = case.inputs()[0]
    shape, data = first["shape"], first["data"]
    if not isinstance(shape, list) or not isinstance(data, list):
        raise SkippedError("the first input has no data in JSON")
    for wrong in ([*shape, 1], [-size for size in shape]):
        try:
            refused(case.server.infer(case.changed(shape=wrong)))
        except BrokenRuleError as error:
            raise BrokenRuleError(f"{wrong} instead of {shape}: {error}") from error


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


def _check_described(case: Case) -> None:
    """Return where the metadata say what the model takes; where not, the specification leaves open what it may."""
    if not case.server.metadata().inputs:
        raise SkippedError("the metadata name no inputs")


RULES = (
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
    Rule(
        "wrong-shape",
        "should",
        f"{REST}, Model Metadata",
        "a shape that the metadata exclude is 4xx with error",
        _wrong_shape,
    ),
    Rule("wrong-output", "must", f"{REST}, Request Output", "an unknown output is 4xx with error", _wrong_output),
    Rule("goes-on", "must", f"{REST}, Inference", "after a bad request the next good one is answered", _goes_on),
)
