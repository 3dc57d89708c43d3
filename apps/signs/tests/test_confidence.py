"""Features of confidence: those declared, finite for any line, and moving the way they are named."""

from dataclasses import replace

import numpy as np
import pytest

from signs.confidence import FEATURES, features
from signs.records import Line


def line(text: str = "現金のみ", scores: tuple[float, ...] = (0.9, 0.95, 0.4, 0.99)) -> Line:
    box = np.array([[10, 10], [90, 10], [90, 30], [10, 30]], np.float32)
    return Line(box, text, False, 0.8, np.array(scores, np.float32), 0.2, 150.0, "kana")


def test_the_features_are_those_declared_in_their_order() -> None:
    assert tuple(features(line(), known=True)) == FEATURES


def test_they_say_what_they_are_named() -> None:
    found = features(line(), known=True)
    assert found["lowest_score"] == pytest.approx(0.4)
    assert found["log_score"] == pytest.approx(np.log([0.9, 0.95, 0.4, 0.99]).sum(), rel=1e-5)
    assert found["doubtful"] == 1
    assert found["height"] == pytest.approx(np.log(20))
    assert found["known"] == found["script_kana"] == 1
    assert found["script_latin"] == found["slant"] == found["digits"] == 0


def test_a_slanted_line_has_a_slant_however_it_runs() -> None:
    turned = replace(line(), box=np.array([[0, 0], [30, 40], [20, 50], [-10, 10]], np.float32))
    assert features(turned, known=False)["slant"] == pytest.approx(0.6)


def test_a_line_that_cannot_be_read_has_finite_features() -> None:
    flat = replace(line("", ()), box=np.zeros((4, 2), np.float32), blur=0.0, script="hangul", readable=False)
    assert np.isfinite(list(features(flat, known=False).values())).all()
