"""Other model servers with the same LightGBM model, each from an environment of its own (scripts/serving_peers.py).

MLServer at its best setting (in its own process, without workers beside it), MLflow's scoring server, BentoML and
LitServe, one worker each, one row of JSON a request.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from benchmarks.services import COLUMNS, Served, Target, free_port, started, trained

ROW = [1.0] * COLUMNS
NAMES = ("mlserver", "mlflow", "bentoml", "litserve")


@contextmanager
def rival(name: str, environments: Path) -> Served:
    """A running server of that name.

    Raises:
        FileNotFoundError: there is no environment for it.
    """
    programs = (environments / name / "bin").resolve(strict=True)
    with tempfile.TemporaryDirectory() as folder, _MAKERS[name](programs, Path(folder)) as running:
        yield running


@contextmanager
def _mlserver(programs: Path, folder: Path) -> Served:
    port = free_port()
    trained().save_model(folder / "model.bst")
    model = {
        "name": "model",
        "implementation": "mlserver_lightgbm.LightGBMModel",
        "parameters": {"uri": "./model.bst", "version": "v1"},
    }
    (folder / "model-settings.json").write_text(json.dumps(model))
    settings = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port(), "parallel_workers": 0}
    (folder / "settings.json").write_text(json.dumps(settings))
    tensor = {"name": "rows", "shape": [1, COLUMNS], "datatype": "FP32", "data": ROW}
    body = json.dumps({"inputs": [tensor]})
    target = Target("MLServer", port, "/v2/models/model/infer", "POST", body)
    with started([str(programs / "mlserver"), "start", str(folder)], target) as running:
        yield running


@contextmanager
def _mlflow(programs: Path, folder: Path) -> Served:
    port, model = free_port(), folder / "model"
    model.mkdir()
    trained().save_model(model / "model.lgb")
    (model / "MLmodel").write_text(
        dedent(
            """\
            flavors:
              lightgbm: {data: model.lgb, lgb_version: '4', model_class: lightgbm.basic.Booster}
              python_function: {data: model.lgb, loader_module: mlflow.lightgbm}
            """
        )
    )
    command = [str(programs / "mlflow"), "models", "serve", "-m", str(model), "-p", str(port), "--env-manager", "local"]
    target = Target("MLflow", port, "/invocations", "POST", json.dumps({"inputs": [ROW]}))
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    with started([*command, "-w", "1"], target, {"PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}) as running:
        yield running


@contextmanager
def _bentoml(programs: Path, folder: Path) -> Served:
    port = free_port()
    trained().save_model(folder / "model.txt")
    (folder / "service.py").write_text(
        dedent(
            """\
            import bentoml, lightgbm, numpy as np

            @bentoml.service(workers=1)
            class Model:
                def __init__(self):
                    self.booster = lightgbm.Booster(model_file="model.txt")

                @bentoml.api
                def predict(self, row: list[float]) -> float:
                    return float(self.booster.predict(np.array([row]), num_threads=1)[0])
            """
        )
    )
    target = Target("BentoML", port, "/predict", "POST", json.dumps({"row": ROW}))
    command = [str(programs / "bentoml"), "serve", "service:Model", "--working-dir", str(folder), "-p", str(port)]
    with started(command, target, {"BENTOML_DO_NOT_TRACK": "True"}) as running:
        yield running


@contextmanager
def _litserve(programs: Path, folder: Path) -> Served:
    port = free_port()
    trained().save_model(folder / "model.txt")
    (folder / "server.py").write_text(
        dedent(
            f"""\
            import lightgbm, litserve, numpy as np

            class Model(litserve.LitAPI):
                def setup(self, device):
                    self.booster = lightgbm.Booster(model_file={str(folder / "model.txt")!r})

                def decode_request(self, request):
                    return request["row"]

                def predict(self, row):
                    return float(self.booster.predict(np.array([row]), num_threads=1)[0])

                def encode_response(self, output):
                    return {{"output": output}}

            if __name__ == "__main__":
                litserve.LitServer(Model(), accelerator="cpu").run(
                    port={port}, host="127.0.0.1", generate_client_file=False, log_level="warning")
            """
        )
    )
    target = Target("LitServe", port, "/predict", "POST", json.dumps({"row": ROW}))
    with started([str(programs / "python"), str(folder / "server.py")], target) as running:
        yield running


_MAKERS = {"mlserver": _mlserver, "mlflow": _mlflow, "bentoml": _bentoml, "litserve": _litserve}


def present(environments: Path | None) -> Iterator[str]:
    """The names of those that have an environment."""
    if environments is not None:
        yield from (name for name in NAMES if (environments / name / "bin").is_dir())
