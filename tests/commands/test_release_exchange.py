"""`afield release export` and `afield release import`: a release taken elsewhere, and a model brought in."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import onnx
import pytest
import skl2onnx
from onnx import TensorProto, helper
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestRegressor

from afield.commands.output import progress
from afield.compiled import open_static
from afield.control.office import Office, open_office
from afield.drills.drill import Lent, drill
from afield.errors import ReleaseError
from afield.records.traffic import Event
from afield.release.registry import releases
from afield.workshop.examples import open_examples
from tests.commands.conftest import Town
from tests.commands.town import APP
from tests.commands.town import town as application

COLUMNS = ("expected", "lag_1", "one_day_back", "mean_24h", "hour_of_week", "zone_id", "momentum_3h")
PREDICT = """
import json, sys
import mlflow.onnx
import mlflow.pyfunc
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = model.input_example
print(json.dumps({
    "answers": model.predict(rows)["forecast"].tolist(),
    "turned": model.predict(rows[rows.columns[::-1]])["forecast"].tolist(),
    "names": model.metadata.signature.inputs.input_names(),
    "release": model.metadata.metadata["afield.release"],
}))
try:
    model.predict(rows.drop(columns=[rows.columns[0]]))
except mlflow.exceptions.MlflowException as error:
    print("refused")
"""
SAVE = """
import sys
import mlflow.onnx
import onnx
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
columns = Schema([ColSpec("double", name) for name in sys.argv[3:]])
mlflow.onnx.save_model(onnx.load(sys.argv[1]), sys.argv[2], signature=ModelSignature(inputs=columns))
"""

pytestmark = pytest.mark.slow


def office(town: Town) -> Office:
    return replace(open_office(application(), town.root, progress))


def in_mlflow(tmp_path: Path, program: str, *arguments: object) -> list[str]:
    """What a program of MLflow's prints; it runs apart, for importing it warns."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="session")
def models(built_town: Path, town_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random forests that somebody trained with scikit-learn, as MLflow keeps them: `good`, and `bad`, a third of it.

    The good one has seen the test window too, which flatters it: what matters is what becomes of such a model.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(built_town, folder / "home")
    opened = open_office(application(), folder / "home", progress)
    bench = opened.bench()
    facts = bench.read(opened.plan, town_files / "early.csv")
    windows = bench.windows(opened.plan, facts, None)
    examples = open_examples(bench.examples(opened.plan, facts, windows), "slot")
    rows = examples.filter("has_history").select("truth", *COLUMNS).drop_nulls().collect()
    learner = RandomForestRegressor(25, min_samples_leaf=6, max_features=0.5, n_jobs=2, random_state=1)
    learner.fit(rows.select(COLUMNS).to_numpy(), rows["truth"].to_numpy())
    kind = [("rows", FloatTensorType([None, len(COLUMNS)]))]
    model = skl2onnx.convert_sklearn(learner, initial_types=kind, target_opset=17)
    for name, share in (("good", 1.0), ("bad", 0.3)):
        onnx.save_model(scaled(model, share), folder / f"{name}.onnx")
        in_mlflow(folder, SAVE, folder / f"{name}.onnx", folder / name, *COLUMNS)
    return folder


def scaled(model: onnx.ModelProto, share: float) -> onnx.ModelProto:
    """The model with its answers times `share`, and above zero: a count that is sure to be none cannot be scored."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    (output,) = made.graph.output
    for node in made.graph.node:
        node.output[:] = ["whole" if name == output.name else name for name in node.output]
    for name, value in (("share", share), ("least", 0.01)):
        made.graph.initializer.append(helper.make_tensor(name, TensorProto.FLOAT, [1], [value]))
    made.graph.node.append(helper.make_node("Mul", ["whole", "share"], ["part"]))
    made.graph.node.append(helper.make_node("Max", ["part", "least"], [output.name]))
    return made


def test_mlflow_reads_the_exported_model_and_answers_as_the_release(town: Town, tmp_path: Path) -> None:
    spoken = town("release", "export", APP, "--to", "mlflow", "--out", tmp_path / "model", "--json")
    assert spoken.code == 0
    assert spoken.value["release"] == town.release
    told, refused = in_mlflow(tmp_path, PREDICT, tmp_path / "model")
    found, shelf = json.loads(told), office(town).shelf
    part = shelf.release(town.release).parts["forecast"]
    golden = shelf.bundle(town.release).golden
    columns = {name: np.array(golden.features[name], np.float64) for name in part.features}
    assert found["answers"] == part.predict(columns).tolist()
    assert found["turned"] == found["answers"]
    assert found["names"] == list(part.features)
    assert found["release"] == town.release
    assert refused == "refused"
    assert not [each for each in (tmp_path / "model").rglob("*") if each.suffix in (".pkl", ".py")]


def test_the_exported_files_run_where_there_is_only_onnxruntime(town: Town, tmp_path: Path) -> None:
    assert town("release", "export", APP, town.release[:8], "--to", "onnx", "--out", tmp_path / "model").code == 0
    example = [sys.executable, "-I", tmp_path / "model" / "example.py"]
    done = subprocess.run(example, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "equal to the release")
    golden = json.loads((tmp_path / "model" / "example.json").read_text())
    golden["outputs"]["forecast"][0] += 1
    (tmp_path / "model" / "example.json").write_text(json.dumps(golden))
    done = subprocess.run(example, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "NOT equal to the release")


def test_a_compiled_release_answers_without_a_service(town: Town, tmp_path: Path) -> None:
    assert town("release", "export", APP, "--to", "static", "--out", tmp_path / "product").code == 0
    assert "On the test window the table's loss is" in (tmp_path / "product" / "README.md").read_text()
    events: list[Event] = []
    now = datetime(2024, 3, 4, 18, 20)
    operate = office(town).operate
    host = open_static(tmp_path / "product", operate, "town", clock=lambda: now, record=events.append)
    sys.path.insert(0, str(tmp_path / "product"))
    try:
        module = __import__("town_table")
    finally:
        sys.path.pop(0)
    for zone in module.KEYS[:20]:
        host.regime = "wet"
        answer = host.ask(operate.asked.sample(now, zone).encode())
        said = module.answer(zone, now, "wet")
        assert (answer.output, list(answer.interval or ())) == (said["output"], said["interval"])
        assert answer.release == said["release"] == town.release
    assert [event.applied for event in events] == [("static:wet",)] * 20


def test_a_release_carries_its_table_for_when_there_are_no_facts(town: Town) -> None:
    opened = office(town)
    shelf = opened.shelf
    assert "tables/static.json" in [file.name for file in shelf.bundle(town.release).manifest.files]
    spoken = shelf.release(town.release).table
    assert spoken is not None
    found = spoken((opened.busiest(), "no zone"), datetime(2024, 3, 4, 18))
    assert found is not None
    assert set(found) == {"forecast", "low", "high", "capacity"}
    assert np.isfinite(found["forecast"]).tolist() == [True, False]


def test_nothing_is_exported_over_what_is_there(town: Town, tmp_path: Path) -> None:
    spoken = town("release", "export", APP, "--to", "onnx", "--out", tmp_path)
    assert (spoken.code, "is there already" in spoken.err) == (2, True)


def test_a_good_model_from_elsewhere_becomes_a_release_and_passes_its_drill(
    town: Town, models: Path, built_town: Path, tmp_path: Path
) -> None:
    live = town.release
    spoken = town("release", "import", APP, models / "good", "--data", town.early, "--json")
    assert spoken.code == 0, spoken.err
    digest = str(spoken.value["release"])
    opened = office(town)
    manifest = opened.shelf.bundle(digest).manifest
    (part,) = (each for each in manifest.parts if each.name == "forecast")
    assert (part.features, part.recipe) == (COLUMNS, "trained elsewhere: good")
    assert part.constants["dispersion"] >= 0
    assert manifest.parent == opened.actions.state.champion == live
    gates = {str(gate["gate"]): gate["passed"] for gate in spoken.value["gates"]}  # type: ignore[index,union-attr]
    assert gates["poisson_deviance better than the simplest recipe"] is True
    assert "trained elsewhere" in opened.shelf.bundle(digest).read("card.md").decode()
    entries = opened.ledger.entries("town", ("build",), digest)
    assert [entry.reason.startswith("trained elsewhere: good") for entry in entries] == [True]
    assert town("release", "verify", APP, digest[:10]).code == 0
    home, told = opened.home, list[str]()
    rehearsal = shutil.copytree(built_town, tmp_path / "rehearsal")
    drilled_in = replace(application(), spec=APP)
    (drilled,) = drill(drilled_in, rehearsal, "model-outage", told.append, Lent(home.bundles / digest, home.trusted))
    assert drilled.passed, drilled.observed
    there = open_office(application(), rehearsal, progress)
    assert [each.subject for each in there.ledger.entries("town", ("promoted",))] == [live, digest, live]
    assert town("release", "promote", APP, digest[:10], "--now").code == 0


def test_a_release_that_was_changed_is_not_drilled(town: Town, built_town: Path, tmp_path: Path) -> None:
    rehearsal, home = shutil.copytree(built_town, tmp_path / "rehearsal"), office(town).home
    lent = shutil.copytree(home.bundles / town.release, tmp_path / town.release)
    (lent / "card.md").write_text("another card")
    with pytest.raises(ReleaseError, match=r"card\.md"):
        drill(replace(application(), spec=APP), rehearsal, "model-outage", progress, Lent(lent, home.trusted))


def test_a_bad_model_from_elsewhere_is_refused_by_the_gates(town: Town, models: Path) -> None:
    live = town.release
    spoken = town("release", "import", APP, models / "bad" / "MLmodel", "--data", town.early, "--json")
    assert spoken.code == 1
    assert "is refused and will not be served" in spoken.err
    opened = office(town)
    (entry,) = opened.ledger.entries("town", ("rejected",))
    assert entry.subject == spoken.value["release"]
    assert opened.actions.state.champion == live


def test_a_model_that_reads_what_the_application_does_not_know_is_refused(town: Town, models: Path) -> None:
    made = ",".join((*COLUMNS[1:], "moon"))
    spoken = town("release", "import", APP, models / "good.onnx", "--features", made)
    assert spoken.code == 1
    assert "reads moon, which the application does not have" in spoken.err
    assert len(releases(office(town).home.bundles)) == 1
