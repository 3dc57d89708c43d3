"""The reply to an infer request: the outputs that it asks for, in JSON or binary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from afield.errors import ContradictionError, RequestError
from afield.serving import binary
from afield.serving.inference import Outputs
from afield.serving.inputs import refuse_elsewhere
from afield.serving.messages import InferReply, InferRequest, RequestOutput, Tensor
from afield.serving.releases import Release
from afield.serving.scoring import Scored
from afield.serving.tensors import NUMERIC

OUTPUT = "FP64"


@dataclass(frozen=True, slots=True)
class Inferred:
    """The reply to an infer request.

    Attributes:
        reply: its JSON.
        tail: the bytes of binary tensors, in the order of the outputs; None where every tensor stands in the JSON.
        rows: how many rows were answered.
        together: how many requests the pass of the model answered in which this one was.
    """

    reply: InferReply
    tail: bytes | None
    rows: int
    together: int


def told(model: str, release: Release, request: InferRequest, scored: Scored, together: int) -> Inferred:
    """The reply to `request`, for what was said of its rows.

    Args:
        model: its name.
        release: the release that was asked.
        request: says which outputs are wanted, and how.
        scored: the outputs; those that are not known of every row are left out.
        together: how many requests were answered by the same pass.

    Raises:
        RequestError: an output is asked for that is not there, or in a way that is not served.
        ContradictionError: an output is not known at the moment.
    """
    outputs = {name: values for name, values in scored.outputs.items() if np.isfinite(values).all()}
    found = list(_tensors(request, outputs, release.outputs))
    raw = [each for _, each in found if each is not None]
    parameters = {"applied": ",".join(scored.applied)} if scored.applied else {}
    reply = InferReply(model, release.digest, [one for one, _ in found], request.id, parameters)
    rows = max((len(values) for values in scored.outputs.values()), default=0)
    return Inferred(reply, b"".join(raw) if raw else None, rows, together)


def _tensors(request: InferRequest, outputs: Outputs, known: tuple[str, ...]) -> Iterator[tuple[Tensor, bytes | None]]:
    """The outputs that a request asks for, all where it names none; each with its bytes where it is to be binary."""
    everything = request.parameters.get(binary.ALL_WANTED, False)
    if not isinstance(everything, bool):
        raise RequestError("true or false is expected", f"parameters.{binary.ALL_WANTED}")
    wanted: Sequence[RequestOutput] = request.outputs or [RequestOutput(name) for name in outputs]
    if len({one.name for one in wanted}) < len(wanted):
        raise RequestError("an output is asked for twice", "outputs")
    for place, one in enumerate(wanted):
        if one.name in known and one.name not in outputs:
            raise ContradictionError(f"{one.name} is not known while a fallback answers", f"outputs[{place}].name")
        if one.name not in outputs:
            raise RequestError(f"no output {one.name[:80]!r}; there is: {', '.join(outputs)}", f"outputs[{place}].name")
        refuse_elsewhere(one.parameters, f"outputs[{place}]")
        values = outputs[one.name]
        if binary.wanted(one.parameters, everything, f"outputs[{place}].parameters"):
            raw = values.astype(NUMERIC[OUTPUT]).tobytes()
            yield Tensor(one.name, values.shape, OUTPUT, parameters={binary.SIZE: len(raw)}), raw
        else:
            yield Tensor(one.name, values.shape, OUTPUT, values.tolist()), None
