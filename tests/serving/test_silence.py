"""What a model's runtime does besides running models: nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import {first}
import numpy, onnxruntime
from afield.testing.stand import linear
session = onnxruntime.InferenceSession(linear((0.5, 0.5)))
print(session.run(None, {{"rows": numpy.ones((1, 2), numpy.float32)}})[0].item())
"""


@pytest.mark.parametrize("first", ["afield.serving.model", "afield.client.client", "afield.compiled"])
def test_no_id_of_the_device_is_kept_and_no_word_queued_for_the_maker_of_the_runtime(
    first: str, tmp_path: Path
) -> None:
    """With its telemetry on, ONNX Runtime makes both in the home folder before the first answer."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first=first)],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1.0\n"
    assert list(tmp_path.rglob("*")) == []
