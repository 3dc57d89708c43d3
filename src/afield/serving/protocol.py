"""Open Inference Protocol v2: the champion, and any other loaded release, as a model.

The model is called by the application's name, a version is the digest of a loaded release. It takes
`features`, a tensor of numbers of shape `[n, k]` with the columns that the metadata name, in any numeric datatype;
or instead `keys`, a BYTES tensor of shape `[n]`: feature rows are then looked up, and guards and fallbacks apply
(the reply's parameter `applied` names them). Nothing that comes this way is decided on or recorded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.errors import ContradictionError, InferenceError, RequestError
from afield.serving import binary, tensors
from afield.serving.http import NotFoundError
from afield.serving.inference import Outputs, Rows
from afield.serving.messages import (
    Configuration,
    Configured,
    Described,
    InferReply,
    InferRequest,
    Listed,
    Metadata,
    Parameters,
    RequestInput,
    RequestOutput,
    ServerMetadata,
    Tensor,
)
from afield.serving.predictor import Predictor
from afield.serving.releases import Release

FEATURES, KEYS = "features", "keys"
PLATFORM, BACKEND = "onnxruntime_onnx", "onnxruntime"
EXTENSIONS = (binary.EXTENSION, "model_configuration", "model_repository", "statistics")
MOST_ROWS = 2**16
OUTPUT = "FP64"
ELSEWHERE = ("shared_memory_region", "classification")
"""Parameters of other extensions that would be answered wrongly if they were passed over."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """The reply to an infer request.

    Attributes:
        reply: its JSON.
        tail: the bytes of binary tensors, in the order of the outputs; None where every tensor stands in the JSON.
        rows: how many rows were answered.
    """

    reply: InferReply
    tail: bytes | None
    rows: int


class Protocol:
    """Version 2 requests against a predictor."""

    def __init__(self, application: str, version: str, predictor: Predictor) -> None:
        """Serve `application`, a service of code version `version`."""
        self.application = application
        self._version = version
        self._predictor = predictor
        self._requests = msgspec.json.Decoder(InferRequest)

    def server(self) -> ServerMetadata:
        """Server metadata."""
        return ServerMetadata("afield", self._version, EXTENSIONS)

    def versions(self) -> list[str]:
        """Digests of the loaded releases: the champion, then those that may follow it."""
        control, loaded = self._predictor.situation.control, self._predictor.situation.releases
        order = dict.fromkeys((control.champion, control.challenger, control.last_good, *loaded))
        return [digest for digest in order if digest in loaded]

    def index(self) -> list[Listed]:
        """Every loaded release, as a version of the one model."""
        return [Listed(self.application, digest, "READY", "") for digest in self.versions()]

    def metadata(self, model: str, version: str | None) -> Metadata:
        """Model metadata.

        Raises:
            NotFoundError: there is no such model or version.
        """
        release = self.release(model, version)
        return Metadata(
            name=model,
            versions=self.versions(),
            platform=PLATFORM,
            inputs=[Described(FEATURES, "FP32", (-1, len(release.features)))],
            outputs=[Described(name, OUTPUT, (-1,)) for name in release.outputs],
            parameters={"features": ",".join(release.features), "instead_of_features": f"{KEYS} BYTES [-1]"},
        )

    def configuration(self, model: str, version: str | None) -> Configuration:
        """Model configuration; the shapes are those of the metadata.

        Raises:
            NotFoundError: there is no such model or version.
        """
        release = self.release(model, version)
        return Configuration(
            name=model,
            platform=PLATFORM,
            backend=BACKEND,
            max_batch_size=0,
            input=[Configured(FEATURES, "TYPE_FP32", [-1, len(release.features)])],
            output=[Configured(name, f"TYPE_{OUTPUT}", [-1]) for name in release.outputs],
        )

    def release(self, model: str, version: str | None) -> Release:
        """The loaded release that a path names: the champion where it names no version.

        Raises:
            NotFoundError: there is no such model or version.
        """
        self.check_name(model)
        seen = self._predictor.situation
        release = seen.releases.get(seen.control.champion if version is None else version)
        if release is None:
            raise NotFoundError(f"no version {(version or 'champion')[:80]!r} of {model} is loaded")
        return release

    def check_name(self, model: str) -> None:
        """Return where a model is called so.

        Raises:
            NotFoundError: there is none.
        """
        if model != self.application:
            raise NotFoundError(f"no model {model[:80]!r}; there is: {self.application}")

    def infer(self, model: str, version: str | None, body: bytes, length: str | None = None) -> Inferred:
        """The reply to an infer request.

        Args:
            model: its name.
            version: a release, or None for the champion.
            body: JSON, and the bytes of binary tensors after it.
            length: the header that says where the JSON ends; None where all of the body is.

        Raises:
            NotFoundError: there is no such model or version.
            msgspec.DecodeError: the JSON is malformed.
            RequestError: an input does not fit; the message names it.
            ContradictionError: the model has no answer for these numbers, or an output is not known at the moment.
            InferenceError: the model failed.
        """
        release = self.release(model, version)
        content, tail = binary.split(body, length)
        request = self._requests.decode(content)
        given, data = self._given(request, tail)
        parameters: dict[str, str] = {}
        outputs = self._outputs(release, given, data, parameters, pinned=version is not None)
        found = list(_tensors(request, outputs, release.outputs))
        tail = b"".join(raw for _, raw in found if raw is not None)
        reply = InferReply(model, release.digest, [one for one, _ in found], request.id, parameters)
        return Inferred(reply, tail if any(raw is not None for _, raw in found) else None, given.shape[0])

    def _given(self, request: InferRequest, tail: bytes) -> tuple[RequestInput, bytes | None]:
        """The one input that a model takes, and its bytes where it is binary."""
        shares = binary.shares(request.inputs, tail)
        if len(request.inputs) != 1:
            raise RequestError(f"one input is expected, {FEATURES} or {KEYS}; got {len(request.inputs)}", "inputs")
        given = request.inputs[0]
        tensors.check_datatype(given.datatype, "inputs[0]")
        _refuse_elsewhere(given.parameters, "inputs[0]")
        if (given.data is msgspec.UNSET) == (shares[0] is None):
            given_are = "neither {} nor {} is" if shares[0] is None else "both {} and {} are"
            raise RequestError(f"{given_are.format('data', binary.SIZE)} given; one is expected", "inputs[0]")
        return given, shares[0]

    def _outputs(
        self, release: Release, given: RequestInput, data: bytes | None, parameters: dict[str, str], *, pinned: bool
    ) -> Outputs:
        if given.name == KEYS:
            if pinned and release.digest != self._predictor.situation.control.champion:
                raise RequestError("keys are answered by the champion; leave the version out, or send features", KEYS)
            scored = self._predictor.lookup(_texts(given, data))
            if scored.applied:
                parameters["applied"] = ",".join(scored.applied)
            return {name: values for name, values in scored.outputs.items() if np.isfinite(values).all()}
        if given.name == FEATURES:
            matrix = _matrix(given, data, len(release.features))
            return self._scored(release, matrix)
        raise RequestError(f"no input {given.name[:80]!r}; send {FEATURES} or {KEYS}", "inputs[0].name")

    def _scored(self, release: Release, matrix: NDArray[np.float64]) -> Outputs:
        """The outputs for features that the client brought; where the model answers zeros, these are at fault."""
        names = {name: place for place, name in enumerate(release.features)}
        try:
            return self._predictor.score(release.digest, Rows(names, matrix))
        except InferenceError as error:
            try:
                self._predictor.score(release.digest, Rows(names, np.zeros((1, len(names)))))
            except InferenceError:
                raise error from None
            raise ContradictionError(f"the model has no answer for these numbers: {error}", FEATURES) from error


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
        _refuse_elsewhere(one.parameters, f"outputs[{place}]")
        values = outputs[one.name]
        if not np.isfinite(values).all():
            raise InferenceError(f"output {one.name} is not finite")
        if binary.wanted(one.parameters, everything, f"outputs[{place}].parameters"):
            raw = values.astype(tensors.NUMERIC[OUTPUT]).tobytes()
            yield Tensor(one.name, values.shape, OUTPUT, parameters={binary.SIZE: len(raw)}), raw
        else:
            yield Tensor(one.name, values.shape, OUTPUT, values.tolist()), None


def _refuse_elsewhere(parameters: Parameters, where: str) -> None:
    for name in ELSEWHERE:
        if name in parameters:
            raise RequestError("this extension is not served here", f"{where}.parameters.{name}")


def _texts(given: RequestInput, data: bytes | None) -> list[str]:
    if given.datatype != tensors.BYTES or len(given.shape) != 1 or not 1 <= given.shape[0] <= MOST_ROWS:
        raise RequestError(f"BYTES of shape [n] is expected, 1 <= n <= {MOST_ROWS}", KEYS)
    if data is not None:
        return binary.texts(data, given.shape, KEYS)
    return tensors.texts(_stated(given), given.shape, KEYS)


def _matrix(given: RequestInput, data: bytes | None, columns: int) -> NDArray[np.float64]:
    """Numbers of shape `(n, columns)`."""
    if given.datatype == tensors.BYTES:
        raise RequestError("numbers are expected (FP32, or another numeric datatype), not BYTES", FEATURES)
    if len(given.shape) != 2 or given.shape[1] != columns or not 1 <= given.shape[0] <= MOST_ROWS:
        raise RequestError(
            f"shape [n, {columns}] is expected, 1 <= n <= {MOST_ROWS}, not {list(given.shape)[:8]}", FEATURES
        )
    if data is not None:
        read = binary.numbers(data, given.datatype, given.shape, FEATURES)
    else:
        read = tensors.numbers(_stated(given), given.datatype, given.shape, FEATURES)
    values = read.astype(np.float64)
    if not (np.abs(values) <= np.finfo(np.float32).max).all():
        raise RequestError("a number is not finite, or too large for FP32", FEATURES)
    return values


def _stated(given: RequestInput) -> msgspec.Raw:
    """The data in the JSON of an input; `_given` has seen that they are there."""
    return msgspec.Raw() if given.data is msgspec.UNSET else given.data
