"""A release as a process serves it: its models by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from afield.serving.inference import Outputs, Parts

Tabled = Callable[[tuple[str, ...], datetime], Outputs | None]


@dataclass(frozen=True, slots=True)
class Release:
    """Models that may answer.

    Attributes:
        digest: names the release.
        parts: the models by name.
        feature_set: digest of the feature contract that the models were trained with.
        outputs: names of what `infer` gives.
        kit: what the application made of the release when it was opened, for `observe` and `conclude`.
        table: what the release says of keys at a moment without any facts; None where it was not compiled.
    """

    digest: str
    parts: Parts
    feature_set: str = ""
    outputs: tuple[str, ...] = ()
    kit: object = None
    table: Tabled | None = None
    features: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Name the features of all parts, each once."""
        features = tuple(dict.fromkeys(name for part in self.parts.values() for name in part.features))
        object.__setattr__(self, "features", features)
