"""The models of a release, running: ONNX graphs that have reproduced their golden rows."""

from collections.abc import Callable, Mapping

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from afield.errors import AfieldError, InferenceError, ReleaseError
from afield.records.release import Golden, Manifest, Part
from afield.serving.inference import Columns, Infer, Outputs, Parts, matrix
from afield.serving.releases import Release

Prepare = Callable[[Parts], object]
Reproduce = Callable[[Golden, Callable[[Columns], Outputs]], None]


class Model:
    """An ONNX graph with one float input, run on the calling thread.

    The input is of shape `(n, k)` where the part names features, else of the graph's own shape.
    """

    def __init__(self, part: Part, onnx: bytes, threads: int = 1) -> None:
        """Open the graph of `part`; executes nothing but ONNX operators.

        Raises:
            ReleaseError: the bytes are no ONNX graph, or its inputs and outputs are not the part's.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = not part.features  # pictures need large buffers again and again, rows do not
        options.enable_mem_pattern = bool(part.features)  # a plan for each size of picture takes a quarter more memory
        options.log_severity_level = 4  # what fails is raised, and told by whoever asked
        try:
            session = ort.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises many unrelated classes
            raise ReleaseError(f"part {part.name}: parts/{part.name}/model.onnx cannot be opened: {error}") from error
        inputs, outputs = session.get_inputs(), tuple(one.name for one in session.get_outputs())
        if len(inputs) != 1 or (part.features and inputs[0].shape[-1] not in (len(part.features), None)):
            shapes = [one.shape for one in inputs]
            raise ReleaseError(f"part {part.name}: inputs {shapes}; one of {len(part.features)} columns is expected")
        if not set(part.outputs) <= set(outputs):
            raise ReleaseError(f"part {part.name}: outputs {outputs}; the manifest names {part.outputs}")
        self._session = session
        self._part = part
        self._input = inputs[0].name
        self._outputs = list(part.outputs)

    @property
    def features(self) -> tuple[str, ...]:
        """Input column names, in the order of the model's columns."""
        return self._part.features

    @property
    def constants(self) -> Mapping[str, float]:
        """Fitted numbers that inference needs beside the graph."""
        return self._part.constants

    def predict(self, rows: Columns) -> NDArray[np.float64]:
        """The first output, shape `(n,)`, for feature columns of shape `(n,)`.

        Raises:
            InferenceError: a feature is missing, or the graph failed.
        """
        return self.run(matrix(rows, self.features))[self._outputs[0]]

    def tensor(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first output, in the graph's own shapes.

        Raises:
            InferenceError: the graph failed.
        """
        return np.asarray(self._run(inputs)[0], np.float32)

    def run(self, inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        """Output name → values of shape `(n,)` for a float32 matrix of shape `(n, len(features))`.

        Raises:
            InferenceError: the graph failed.
        """
        return {
            name: np.asarray(values, np.float64).reshape(-1)
            for name, values in zip(self._outputs, self._run(inputs), strict=True)
        }

    def _run(self, inputs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        try:
            results: list[NDArray[np.float32]] = self._session.run(self._outputs, {self._input: inputs})
        except Exception as error:  # onnxruntime raises many unrelated classes
            raise InferenceError(f"part {self._part.name}: the model failed: {error}") from error
        return results


def open_release(
    digest: str,
    manifest: Manifest,
    golden: Golden,
    model: Callable[[str], bytes],
    infer: Infer,
    reproduce: Reproduce,
    prepare: Prepare | None = None,
) -> Release:
    """Open the models of a verified bundle and let them reproduce the golden outputs.

    Args:
        digest: names the release.
        manifest: says which parts there are.
        golden: expected features and outputs.
        model: gives the ONNX bytes of a part.
        infer: the application's inference.
        reproduce: compares what an inference gives with the golden rows.
        prepare: makes what the application looks at requests with.

    Raises:
        ReleaseError: a model does not open, or does not give the golden outputs within tolerance.
    """
    parts: Parts = {part.name: Model(part, model(part.name)) for part in manifest.parts}
    outputs: list[str] = []

    def run(columns: Columns) -> Outputs:
        given = infer(columns, parts)
        outputs.extend(given)
        return given

    try:
        reproduce(golden, run)
    except ReleaseError:
        raise
    except (AfieldError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise ReleaseError(f"release {digest[:12]} fails on its golden rows: {error}") from error
    kit = prepare(parts) if prepare is not None else None
    return Release(digest, parts, manifest.feature_set, tuple(outputs), kit)
