"""The rules of Triton's binary tensor extension, for servers that announce it."""

from collections.abc import Sequence

import msgspec

from afield.testing.v2.case import Case, Rule, answered, refused
from afield.testing.v2.server import LENGTH, BrokenRuleError, Given, InferenceResponse, SkippedError
from afield.testing.v2.tensors import flat, packed

EXTENSION = "binary_tensor_data"
SOURCE = "extension_binary_data.md"


def _announced(case: Case) -> None:
    if EXTENSION not in case.server.extensions():
        raise SkippedError(f"the server does not announce {EXTENSION}")


def _sent(case: Case, *, wrong: int = 0, header: bool = True, **more: object) -> Given:
    """The reply to a request with every input in binary; `wrong`: so many bytes too many are announced."""
    given = case.inputs()
    raw = [packed(one) for one in given]
    heads = [
        {
            **{name: value for name, value in one.items() if name != "data"},
            "parameters": {"binary_data_size": len(part) + wrong},
        }
        for one, part in zip(given, raw, strict=True)
    ]
    content = msgspec.json.encode({"inputs": heads, **more})
    headers = {"Content-Type": "application/octet-stream"}
    if header:
        headers[LENGTH] = str(len(content))
    return case.server.call("POST", case.server.at("infer"), content + b"".join(raw), headers)


def _sizes(given: Given) -> tuple[InferenceResponse, Sequence[int]]:
    """The JSON of a binary reply, and the sizes of its binary outputs, which fill the rest of the body."""
    stated = given.headers.get(LENGTH.lower())
    if stated is None or not stated.isdecimal():
        raise BrokenRuleError(f"{LENGTH} is {stated!r}")
    reply = Given(given.status, given.headers, given.body[: int(stated)]).read(InferenceResponse)
    sizes = [size for output in reply.outputs if isinstance(size := output.parameters.get("binary_data_size"), int)]
    if sum(sizes) != len(given.body) - int(stated):
        raise BrokenRuleError(f"{sizes} bytes are announced and {len(given.body) - int(stated)} follow the JSON")
    return reply, sizes


def _request(case: Case) -> None:
    _announced(case)
    reply = answered(_sent(case)).read(InferenceResponse)
    expected = {output.name: flat(output.data) for output in case.good().outputs}
    if {output.name: flat(output.data) for output in reply.outputs} != expected:
        raise BrokenRuleError("the answers differ from those to the same request in JSON")


def _reply(case: Case) -> None:
    _announced(case)
    given = answered(_sent(case, parameters={"binary_data_output": True}))
    reply, sizes = _sizes(given)
    if len(sizes) != len(reply.outputs):
        raise BrokenRuleError("not every output is binary")
    expected = [packed({"data": flat(one.data), "datatype": one.datatype}) for one in case.good().outputs]
    if b"".join(expected) != given.body[int(given.headers[LENGTH.lower()]) :]:
        raise BrokenRuleError("the bytes are not those of the answers in JSON, little-endian and row-major")


def _one(case: Case) -> None:
    _announced(case)
    name = case.good().outputs[0].name
    wanted = [{"name": name, "parameters": {"binary_data": False}}]
    given = answered(_sent(case, outputs=wanted, parameters={"binary_data_output": True}))
    outputs = given.read(InferenceResponse).outputs
    if len(outputs) != 1 or outputs[0].data is msgspec.UNSET:
        raise BrokenRuleError(f"{name} was asked for in JSON, and has no data there")


def _wrong_size(case: Case) -> None:
    _announced(case)
    refused(_sent(case, wrong=1))


def _no_header(case: Case) -> None:
    _announced(case)
    refused(_sent(case, header=False))


RULES = (
    Rule("binary-request", "extension", SOURCE, "inputs in binary give the same answers", _request),
    Rule("binary-reply", "extension", SOURCE, "binary_data_output gives every output in binary", _reply),
    Rule("binary-one", "extension", SOURCE, "binary_data of an output goes before binary_data_output", _one),
    Rule("binary-wrong-size", "extension", SOURCE, "a size that does not fit is 4xx with error", _wrong_size),
    Rule("binary-no-header", "extension", SOURCE, f"bytes without {LENGTH} are 4xx with error", _no_header),
)
