"""Open Inference Protocol v2 in JSON: the champion, and any other loaded release, as a model.

The model is called by the application's name, a version is the digest of a loaded release. It takes either
`features`, an FP32 or FP64 tensor of shape `[n, k]` with the columns that the metadata names, or `keys`, a
BYTES tensor of shape `[n]`: feature rows are then looked up, and guards and fallbacks apply (the reply's
parameter `applied` names them). Nothing that comes this way is decided on or recorded.
"""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.errors import InferenceError, RequestError
from afield.serving.http import NotFoundError
from afield.serving.inference import Outputs, Rows
from afield.serving.predictor import Predictor
from afield.serving.releases import Release

FEATURES, KEYS = "features", "keys"
PLATFORM = "onnxruntime_onnx"
EXTENSIONS: tuple[str, ...] = ()

Parameter = str | int | float | bool


class _Input(msgspec.Struct, frozen=True):
    name: str
    shape: tuple[int, ...]
    datatype: str
    data: msgspec.Raw
    parameters: dict[str, Parameter] = {}


class _Requested(msgspec.Struct, frozen=True):
    name: str
    parameters: dict[str, Parameter] = {}


class InferRequest(msgspec.Struct, frozen=True):
    """Body of an infer request."""

    inputs: tuple[_Input, ...]
    id: str | None = None
    outputs: tuple[_Requested, ...] = ()
    parameters: dict[str, Parameter] = {}


class Tensor(msgspec.Struct, frozen=True):
    """One output of an infer reply; the data flat, row-major."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    data: list[float]


class InferReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of an infer reply."""

    model_name: str
    model_version: str
    outputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Parameter] = {}


class _Described(msgspec.Struct, frozen=True):
    name: str
    datatype: str
    shape: tuple[int, ...]


class Metadata(msgspec.Struct, frozen=True):
    """What a model is: the columns of `features` stand, in order, in the parameter of that name."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[_Described]
    outputs: list[_Described]
    parameters: dict[str, str]


class Protocol:
    """Version 2 requests against a predictor."""

    def __init__(self, application: str, version: str, predictor: Predictor) -> None:
        """Serve `application`, a service of code version `version`."""
        self._application = application
        self._version = version
        self._predictor = predictor
        self._requests = msgspec.json.Decoder(InferRequest)

    def server(self) -> Mapping[str, object]:
        """Server metadata."""
        return {"name": "afield", "version": self._version, "extensions": EXTENSIONS}

    def metadata(self, model: str, version: str | None) -> Metadata:
        """Model metadata.

        Raises:
            NotFoundError: there is no such model or version.
        """
        release = self._release(model, version)
        control = self._predictor.situation.control
        loaded = self._predictor.situation.releases
        order = dict.fromkeys((control.champion, control.challenger, control.last_good, *loaded))
        return Metadata(
            name=model,
            versions=[digest for digest in order if digest in loaded],
            platform=PLATFORM,
            inputs=[
                _Described(FEATURES, "FP32", (-1, len(release.features))),
                _Described(KEYS, "BYTES", (-1,)),
            ],
            outputs=[_Described(name, "FP64", (-1,)) for name in release.outputs],
            parameters={"features": ",".join(release.features)},
        )

    def ready(self, model: str, version: str | None) -> bool:
        """Whether a model can answer.

        Raises:
            NotFoundError: there is no such model.
        """
        self._named(model)
        try:
            self._release(model, version)
        except NotFoundError:
            return False
        return True

    def infer(self, model: str, version: str | None, body: bytes) -> InferReply:
        """The reply to an infer request.

        Raises:
            NotFoundError: there is no such model or version.
            msgspec.DecodeError: the body is malformed.
            RequestError: an input does not fit; the message names it.
            InferenceError: the model failed.
        """
        release = self._release(model, version)
        request = self._requests.decode(body)
        if len(request.inputs) != 1:
            raise RequestError(f"one input is expected, {FEATURES} or {KEYS}; got {len(request.inputs)}", "inputs")
        given = request.inputs[0]
        parameters: dict[str, Parameter] = {}
        digest, outputs = release.digest, self._outputs(release, given, parameters, pinned=version is not None)
        wanted = [one.name for one in request.outputs] or list(outputs)
        absent = [name for name in wanted if name not in outputs]
        if absent:
            raise RequestError(f"no output {absent[0][:80]!r}; there is: {', '.join(outputs)}", "outputs")
        tensors = [Tensor(name, outputs[name].shape, "FP64", _finite(outputs[name], name)) for name in wanted]
        return InferReply(model, digest, tensors, request.id, parameters)

    def _outputs(self, release: Release, given: _Input, parameters: dict[str, Parameter], *, pinned: bool) -> Outputs:
        if given.name == KEYS:
            if pinned and release.digest != self._predictor.situation.control.champion:
                raise RequestError("keys are answered by the champion; leave the version out, or send features", KEYS)
            scored = self._predictor.lookup(_texts(given))
            if scored.applied:
                parameters["applied"] = ",".join(scored.applied)
            return {name: values for name, values in scored.outputs.items() if np.isfinite(values).all()}
        if given.name == FEATURES:
            matrix = _numbers(given, len(release.features))
            names = {name: place for place, name in enumerate(release.features)}
            return self._predictor.score(release.digest, Rows(names, matrix))
        raise RequestError(f"no input {given.name[:80]!r}; send {FEATURES} or {KEYS}", "inputs[0].name")

    def _named(self, model: str) -> None:
        if model != self._application:
            raise NotFoundError(f"no model {model[:80]!r}; there is: {self._application}")

    def _release(self, model: str, version: str | None) -> Release:
        self._named(model)
        seen = self._predictor.situation
        release = seen.releases.get(seen.control.champion if version is None else version)
        if release is None:
            raise NotFoundError(f"no version {(version or 'champion')[:80]!r} of {model} is loaded")
        return release


def _texts(given: _Input) -> list[str]:
    if given.datatype != "BYTES" or len(given.shape) != 1:
        raise RequestError("BYTES of shape [n] is expected", KEYS)
    try:
        texts = msgspec.json.decode(given.data, type=list[str])
    except msgspec.ValidationError as error:
        raise RequestError(f"a flat list of strings is expected: {error}", KEYS) from error
    if np.prod(given.shape) != len(texts):
        raise RequestError(f"shape {list(given.shape)} does not hold {len(texts)} strings", KEYS)
    return texts


def _numbers(given: _Input, columns: int) -> NDArray[np.float64]:
    """A tensor of numbers of shape `(n, columns)`, from flat or nested data."""
    if given.datatype not in ("FP32", "FP64"):
        raise RequestError(f"FP32 or FP64 is expected, not {given.datatype[:20]!r}", FEATURES)
    if len(given.shape) != 2 or given.shape[1] != columns or given.shape[0] < 1:
        raise RequestError(f"shape [n, {columns}] is expected, not {list(given.shape)}", FEATURES)
    flat: list[float]
    try:
        flat = msgspec.json.decode(given.data, type=list[float])
    except msgspec.ValidationError:
        try:
            rows = msgspec.json.decode(given.data, type=list[list[float]])
        except msgspec.ValidationError as error:
            raise RequestError(f"numbers are expected, flat or one list a row: {error}", FEATURES) from error
        if any(len(row) != columns for row in rows):
            raise RequestError(f"every row must have {columns} numbers", FEATURES) from None
        flat = [value for row in rows for value in row]
    values = np.array(flat, np.float64)
    if values.size != given.shape[0] * columns:
        raise RequestError(f"shape {list(given.shape)} does not hold {values.size} numbers", FEATURES)
    if not (np.abs(values) <= np.finfo(np.float32).max).all():
        raise RequestError("a number is too large for FP32", FEATURES)
    return values.reshape(given.shape)


def _finite(values: NDArray[np.float64], name: str) -> list[float]:
    if not np.isfinite(values).all():
        raise InferenceError(f"output {name} is not finite")
    return [float(value) for value in values]
