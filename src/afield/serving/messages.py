"""What Open Inference Protocol v2 sends and takes, as it stands on the wire.

Source: https://github.com/kserve/open-inference-protocol (inference_rest.md), with Triton's extensions for binary
tensors, model configuration, model repository and statistics.
"""

from typing import Annotated

import msgspec

# What a client says beside a tensor is read where it means something here, and is left alone where it does not.
Parameters = dict[str, object]


class RequestInput(msgspec.Struct, frozen=True):
    """A tensor of a request; its data flat or nested, row-major, or binary after the JSON."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    parameters: Parameters = {}


class RequestOutput(msgspec.Struct, frozen=True):
    """An output that is asked for."""

    name: str
    parameters: Parameters = {}


class InferRequest(msgspec.Struct, frozen=True):
    """Body of an infer request."""

    inputs: Annotated[tuple[RequestInput, ...], msgspec.Meta(min_length=1)]
    id: str | None = None
    outputs: tuple[RequestOutput, ...] = ()
    parameters: Parameters = {}


class Tensor(msgspec.Struct, frozen=True, omit_defaults=True):
    """One output of an infer reply; the data flat and row-major, or binary after the JSON."""

    name: str
    shape: tuple[int, ...]
    datatype: str
    data: list[float] | msgspec.UnsetType = msgspec.UNSET
    parameters: dict[str, int] = {}


class InferReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Body of an infer reply."""

    model_name: str
    model_version: str
    outputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, str] = {}


class Described(msgspec.Struct, frozen=True):
    """A tensor as the metadata describe it; -1 stands for any number."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class ServerMetadata(msgspec.Struct, frozen=True):
    """What the server is."""

    name: str
    version: str
    extensions: tuple[str, ...]


class Metadata(msgspec.Struct, frozen=True):
    """What a model is; `parameters` name the columns of `features` in order, and the other input there may be."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[Described]
    outputs: list[Described]
    parameters: dict[str, str]


class Live(msgspec.Struct, frozen=True):
    """The server is there."""

    live: bool = True


class Ready(msgspec.Struct, frozen=True):
    """The server answers."""

    live: bool = True
    ready: bool = True


class ModelReady(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a model answers; where not, `error` says why."""

    name: str
    ready: bool
    error: str = ""


class Configured(msgspec.Struct, frozen=True):
    """A tensor of a model configuration."""

    name: str
    data_type: str
    dims: list[int]


class Configuration(msgspec.Struct, frozen=True):
    """A model configuration, as far as it has a meaning here."""

    name: str
    platform: str
    backend: str
    max_batch_size: int
    input: list[Configured]
    output: list[Configured]


class Listed(msgspec.Struct, frozen=True):
    """One version of a model in the index of the repository."""

    name: str
    version: str
    state: str
    reason: str


class IndexRequest(msgspec.Struct, frozen=True):
    """Body of a request for the index; it may be left out."""

    ready: bool = False


class Duration(msgspec.Struct, frozen=True):
    """How often something was done, and how long it took in all, nanoseconds."""

    count: int = 0
    ns: int = 0


class Durations(msgspec.Struct, frozen=True):
    """Where the time of inferences went; nothing queues or is cached on this path."""

    success: Duration
    fail: Duration
    compute_infer: Duration
    queue: Duration = Duration()
    compute_input: Duration = Duration()
    compute_output: Duration = Duration()
    cache_hit: Duration = Duration()


class ModelStatistics(msgspec.Struct, frozen=True):
    """Inferences of one version of a model, over all workers of the service.

    Attributes:
        name, version: of the model.
        last_inference: milliseconds since 1970, 0 before the first.
        inference_count: rows answered.
        execution_count: passes of the model; requests that came together share one.
        inference_stats: how long they took.
        batch_stats: not kept.
    """

    name: str
    version: str
    last_inference: int
    inference_count: int
    execution_count: int
    inference_stats: Durations
    batch_stats: tuple[()] = ()


class Statistics(msgspec.Struct, frozen=True):
    """Body of a reply about statistics."""

    model_stats: list[ModelStatistics]
