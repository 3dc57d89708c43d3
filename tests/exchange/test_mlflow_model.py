import re
from pathlib import Path

import msgspec
import pytest
import yaml

from afield.errors import ReleaseError
from afield.exchange.foreign import read_foreign
from afield.exchange.mlflow_model import mlflow_files
from afield.exchange.writing import write_folder
from tests.exchange.shop import digest_of, office


def test_the_signature_names_the_columns_and_what_is_given(tmp_path: Path) -> None:
    files = mlflow_files(office(tmp_path), digest_of(tmp_path))
    described = yaml.safe_load(files["MLmodel"])
    inputs, outputs = (msgspec.json.decode(described["signature"][each]) for each in ("inputs", "outputs"))
    assert inputs == [{"type": "double", "name": name, "required": True} for name in ("last_hour", "usual")]
    assert [each["name"] for each in outputs] == ["forecast"]
    metadata = msgspec.json.decode(described["metadata"]) if isinstance(described["metadata"], str) else described
    assert digest_of(tmp_path) in str(metadata)


def test_nothing_in_it_is_a_pickle_or_code(tmp_path: Path) -> None:
    files = mlflow_files(office(tmp_path), digest_of(tmp_path))
    assert {Path(name).suffix for name in files} == {".onnx", "", ".txt", ".yaml", ".json", ".md"}


def test_what_is_exported_can_be_brought_in_again(tmp_path: Path) -> None:
    files = mlflow_files(office(tmp_path), digest_of(tmp_path))
    write_folder(tmp_path / "model", files)
    found = read_foreign(tmp_path / "model")
    assert (found.features, found.output, found.onnx) == (("last_hour", "usual"), "forecast", files["model.onnx"])


def test_a_release_that_was_changed_is_not_exported(tmp_path: Path) -> None:
    digest = digest_of(tmp_path)
    (tmp_path / "bundles" / digest / "card.md").write_bytes(b"# Joy\n")
    with pytest.raises(ReleaseError, match="changed or cut short"):
        mlflow_files(office(tmp_path), digest)


@pytest.mark.filterwarnings("ignore")  # MLflow warns of itself while it is imported
def test_the_example_of_its_readme_runs_with_whole_numbers_and_unknown_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = mlflow_files(office(tmp_path), digest_of(tmp_path))
    files["input_example.json"] = b'{"columns":["last_hour","usual"],"data":[[3.0,null],[4.0,null]]}'
    write_folder(tmp_path / "model", files)
    (snippet,) = re.findall(r"```python\n(.+?)```", files["README.md"].decode(), flags=re.DOTALL)
    monkeypatch.chdir(tmp_path / "model")
    names: dict[str, object] = {}
    exec(snippet, names)
    assert {"model", "rows"} <= set(names)
