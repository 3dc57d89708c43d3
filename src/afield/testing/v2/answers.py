"""The rules about replies to infer requests that should work."""

import math
from collections.abc import Mapping

import msgspec

from afield.testing.v2.case import REST, TENSORS, Case, Rule, answered, named_versions
from afield.testing.v2.server import BrokenRuleError, SkippedError
from afield.testing.v2.tensors import flat, nested


def _infer(case: Case) -> None:
    reply = case.good()
    if reply.model_name != case.server.model:
        raise BrokenRuleError(f"model_name is {reply.model_name!r}")


def _infer_version(case: Case) -> None:
    version = named_versions(case)[0]
    reply = case.good(case.server.at("infer", version=version))
    if reply.model_version not in (None, version):
        raise BrokenRuleError(f"version {version} was asked and {reply.model_version} answered")


def _json(case: Case) -> None:
    for given in (case.server.get("/v2"), case.server.infer({"inputs": case.inputs()})):
        kind = given.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() != "application/json":
            raise BrokenRuleError(f"the content type is {kind!r}")


def _outputs_whole(case: Case) -> None:
    for output in case.good().outputs:
        count = len(flat(output.data))
        if output.data is msgspec.UNSET or count != math.prod(output.shape):
            raise BrokenRuleError(f"{output.name}: shape {list(output.shape)} does not hold {count} elements")


def _outputs_described(case: Case) -> None:
    described = {tensor.name: tensor for tensor in case.server.metadata().outputs}
    if not described:
        raise SkippedError("the metadata name no outputs")
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


RULES = (
    Rule("infer", "must", f"{REST}, Inference", "POST …/infer is 200 with model_name and outputs", _infer),
    Rule("infer-version", "must", f"{REST}, Inference", "the version in the path answers", _infer_version),
    Rule("json", "should", f"{REST}, Inference", "replies in JSON say so", _json),
    Rule("outputs-whole", "must", TENSORS, "an output has as many elements as its shape holds", _outputs_whole),
    Rule("outputs-described", "must", f"{REST}, Model Metadata", "outputs are as the metadata say", _outputs_described),
    Rule("elements", "must", TENSORS, "elements are of their datatype", _elements),
    Rule("id", "must", f"{REST}, Inference", "the id of a request is in its reply", _id),
    Rule("outputs", "must", f"{REST}, Request Output", "only outputs that are asked for come back", _selected),
    Rule("nested", "must", TENSORS, "data may be nested in the shape of the tensor", _nested),
)
