"""Releases that the control plane may forecast with: verified and reproduced first."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from afield.control.shelf import Shelf
from afield.errors import ReleaseError
from afield.testing.stand import Stand
from afield.testing.toy import operate

FEATURES = {"last_hour": np.array([4.0]), "usual": np.array([6.0])}


def shelf(stand: Stand, columns: dict[str, np.ndarray] = FEATURES) -> Shelf:
    def compute(_tick: datetime, _keys: tuple[str, ...], _history: object) -> dict[str, np.ndarray]:
        return columns

    return Shelf(stand.bundles, stand.trusted, operate({}), compute)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


def test_a_release_is_opened_once(stand: Stand) -> None:
    digest, held = stand.release(), shelf(stand)
    assert held.release(digest) is held.release(digest)
    assert held.bundle(digest).manifest.application == "toy"


def test_only_what_is_still_compared_stays_open(stand: Stand) -> None:
    one, other, held = stand.release(), stand.release((0.0, 1.0)), shelf(stand)
    first, second = held.release(one), held.release(other)
    held.keep_only({other})
    assert held.release(other) is second
    assert held.release(one) is not first


def test_a_release_whose_outputs_do_not_reproduce_is_refused(stand: Stand) -> None:
    with pytest.raises(ReleaseError):
        shelf(stand).release(stand.release(expected=7.0))


def test_a_release_whose_features_this_code_does_not_reproduce_is_refused(stand: Stand) -> None:
    with pytest.raises(ReleaseError):
        shelf(stand, FEATURES | {"usual": np.array([6.5])}).release(stand.release())


def test_a_release_that_was_changed_is_refused(stand: Stand) -> None:
    digest = stand.release()
    (stand.bundles / digest / "card.md").write_text("better")
    with pytest.raises(ReleaseError):
        shelf(stand).bundle(digest)
