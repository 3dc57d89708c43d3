"""Five designs of one release: same answers, and each does what it says offline, with time, updates and telemetry."""

from pathlib import Path

import pytest

from afield.application import load
from afield.release.signing import Signer
from afield.serving.config import Design
from afield.testing.designs import examine
from afield.testing.ground import Ground
from afield.testing.hosts import DESIGNS
from afield.testing.stand import Stand


def toy(folder: Path) -> Ground:
    stand = Stand(folder / "stand")
    release = stand.release()
    signer = Signer(folder / "keys" / "signing.key")
    return Ground(folder / "ground", load("afield.testing.toy:toy"), stand.bundles / release, signer)


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_conforms_for_the_bakery(tmp_path: Path, design: Design) -> None:
    findings = examine(toy(tmp_path), design)
    assert [finding for finding in findings if not finding.holds] == []
