import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from afield.errors import ReleaseError
from afield.exchange.onnx_files import Example, example, model_part, onnx_files
from afield.release.bundle import Bundle
from tests.exchange.shop import digest_of, office


def test_the_example_holds_the_golden_rows_and_what_the_release_gives_for_them(tmp_path: Path) -> None:
    shop = office(tmp_path)
    found = example(shop, shop.shelf.bundle(digest_of(tmp_path)))
    assert found == Example(("last_hour", "usual"), ((4.0, 6.0),), {"forecast": (5.0,)})


def test_the_files_are_the_model_as_it_is_and_an_example_that_runs(tmp_path: Path) -> None:
    digest = digest_of(tmp_path)
    files = onnx_files(office(tmp_path), digest)
    bundle = office(tmp_path).shelf.bundle(digest)
    assert files["model.onnx"] == bundle.model("loaves")
    assert "0. `last_hour`\n1. `usual`" in files["README.md"].decode()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    run = [sys.executable, "-I", tmp_path / "example.py"]
    assert subprocess.run(run, capture_output=True, text=True, timeout=60).returncode == 0
    changed = msgspec.json.decode(files["example.json"])
    changed["outputs"]["forecast"][0] += 0.1
    (tmp_path / "example.json").write_bytes(msgspec.json.encode(changed))
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "NOT equal to the release")


def test_what_is_not_known_of_a_golden_row_is_null(tmp_path: Path) -> None:
    shop = office(tmp_path)
    bundle = shop.shelf.bundle(digest_of(tmp_path))
    golden = msgspec.structs.replace(bundle.golden, features={"last_hour": (None,), "usual": (6.0,)})
    unknown = SimpleNamespace(digest=bundle.digest, manifest=bundle.manifest, golden=golden)
    found = example(shop, unknown)  # type: ignore[arg-type]
    assert found.rows == ((None, 6.0),)
    assert np.isnan(found.outputs["forecast"][0])


def test_a_release_whose_model_reads_no_columns_is_not_taken_elsewhere(tmp_path: Path) -> None:
    shop = office(tmp_path, part="pictures")
    bundle: Bundle = shop.shelf.bundle(digest_of(tmp_path))
    with pytest.raises(ReleaseError, match="has no part pictures that reads columns of features"):
        model_part(shop, bundle)
