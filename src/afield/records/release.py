"""Release: the manifest of an immutable, signed bundle."""

from datetime import datetime

import msgspec

MANIFEST_SCHEMA = 1


class File(msgspec.Struct, frozen=True):
    """One file of a bundle: its name in the bundle, SHA-256 (hex) and size in bytes."""

    name: str
    digest: str
    size: int


class Part(msgspec.Struct, frozen=True):
    """One model of a release and how to feed it.

    Attributes:
        name: the part's name; its model is `parts/NAME/model.onnx`.
        features: input column names, in the order of the model's columns.
        outputs: names of the model's outputs.
        recipe: name of the recipe that trained it.
        constants: fitted numbers that inference needs beside the graph (surge: `dispersion`).
    """

    name: str
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    recipe: str
    constants: dict[str, float] = {}


class Manifest(msgspec.Struct, frozen=True):
    """Everything a bundle says of itself. Its canonical JSON's SHA-256 names the release.

    Attributes:
        schema: version of this schema; a newer one is refused.
        application: name of the application.
        options: the application's options as text (surge: `{"slot": "60m"}`).
        created: when it was built, UTC.
        sequence: grows with every signed statement of the store; an older one is a downgrade.
        parent: the release that this one was built to replace, or "".
        parts: the models.
        files: every file of the bundle but the manifest and the signature.
        feature_set: digest of the feature contract.
        code: digest of the application's and Afield's source that made the features.
        data: version (digest) of each table that it was built from.
        windows: name → `(start, end)`: training, validation, test.
        seed: of everything random in the build.
        environment: library → version.
        evaluation: metric name → value on the test window.
        thresholds, guards, overrides: the rules in force, by name.
    """

    application: str
    options: dict[str, str]
    created: datetime
    sequence: int
    parts: tuple[Part, ...]
    files: tuple[File, ...]
    feature_set: str
    code: str
    data: dict[str, str]
    windows: dict[str, tuple[datetime, datetime]]
    seed: int
    environment: dict[str, str]
    evaluation: dict[str, float]
    thresholds: dict[str, float] = {}
    guards: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    parent: str = ""
    schema: int = MANIFEST_SCHEMA


class Golden(msgspec.Struct, frozen=True):
    """Rows that a process must reproduce before it may serve the release.

    Attributes:
        tick: origin of the rows.
        keys: the spine keys.
        history: table name → rows, the raw facts from which the features follow.
        features: feature name → expected value per key (null: not known).
        outputs: output name → expected value per key.
        feature_tolerance: allowed relative difference of a feature.
        output_tolerance: allowed relative difference of an output.
    """

    tick: datetime
    keys: tuple[str, ...]
    history: dict[str, list[dict[str, str | int | float | bool | None]]]
    features: dict[str, tuple[float | None, ...]]
    outputs: dict[str, tuple[float, ...]]
    feature_tolerance: float = 1e-9
    output_tolerance: float = 1e-4
