"""A release as an MLflow model: the directory that `mlflow.pyfunc.load_model` reads. Plain ONNX flavour, no pickle."""

import platform
from datetime import UTC
from importlib.metadata import version

import msgspec

from afield.control.office import Office
from afield.exchange.onnx_files import MODEL, Example, example, model_part
from afield.exchange.wording import filled

MLFLOW = "3.1.0"
"""The oldest release whose form of the directory this is."""
NEEDED = ("numpy", "onnx", "onnxruntime", "pandas")


def mlflow_files(office: Office, digest: str) -> dict[str, bytes]:
    """The files of the model directory, by name.

    Its input is a frame of feature columns, its output one of the model's outputs: what the part that is the model
    gives, bit for bit, for it is the same graph.

    Raises:
        ReleaseError: the release does not verify, or its model reads no columns.
    """
    bundle = office.shelf.bundle(digest)
    part, shown = model_part(office, bundle), example(office, bundle)
    needs = "".join(f"{name}=={version(name)}\n" for name in NEEDED)
    created = bundle.manifest.created.astimezone(UTC).replace(tzinfo=None)
    return {
        MODEL: bundle.model(part.name),
        "MLmodel": filled(
            "MLmodel.txt",
            model=MODEL,
            onnx=version("onnx"),
            python=platform.python_version(),
            mlflow=MLFLOW,
            identity=digest[:32],
            inputs=_quoted([_column(name) for name in part.features]),
            outputs=_quoted([_column(name) for name in shown.outputs]),
            created=created.isoformat(sep=" "),
            metadata=_json(
                {
                    "afield.application": office.application.name,
                    "afield.release": digest,
                    "afield.feature_set": bundle.manifest.feature_set,
                    "afield.evaluation": bundle.manifest.evaluation,
                    "afield.constants": part.constants,
                }
            ),
        ).encode(),
        "requirements.txt": f"mlflow-skinny>={MLFLOW}\n{needs}".encode(),
        "python_env.yaml": filled("python_env.yaml.txt", python=platform.python_version()).encode(),
        "input_example.json": _frame(shown),
        "README.md": filled(
            "mlflow.md.txt",
            application=office.application.name,
            release=digest,
            target=office.plan.target,
            feature=part.features[0],
            count=str(len(part.features)),
            outputs=", ".join(f"`{name}`" for name in shown.outputs),
        ).encode(),
    }


def _column(name: str) -> dict[str, object]:
    return {"type": "double", "name": name, "required": True}


def _frame(shown: Example) -> bytes:
    """The golden rows as MLflow keeps an example of the input."""
    return msgspec.json.encode({"columns": shown.features, "data": shown.rows})


def _quoted(value: object) -> str:
    """JSON as text, itself quoted: a string of YAML."""
    return _json(_json(value))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
