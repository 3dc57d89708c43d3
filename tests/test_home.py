"""Where everything of an application lies."""

from pathlib import Path

from afield.application import load
from afield.home import Home


def test_an_application_has_a_folder_for_each_of_its_options() -> None:
    hours, quarters = (Home.of(Path("/root"), load("surge", {"slot": slot})) for slot in ("60m", "15m"))
    assert hours.folder == Path("/root/surge-60m")
    assert quarters.folder == Path("/root/surge-15m")


def test_keys_lie_outside_of_every_store_and_steps_are_shared() -> None:
    home = Home.of(Path("/root"), load("surge"))
    for place in (home.bundles, home.tables, home.snapshots, home.facts, home.telemetry):
        assert place.is_relative_to(home.folder)
    for place in (home.key, home.trusted, home.steps):
        assert place.is_relative_to(home.root)
        assert not place.is_relative_to(home.folder)
    assert home.ledger == "sqlite:////root/surge-60m/ledger.db"


def test_a_relative_root_stays_where_it_was_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home.of(Path(".afield"), load("surge"))
    monkeypatch.chdir("/")
    assert home.folder == tmp_path / ".afield" / "surge-60m"


def test_the_tables_lie_in_an_object_store_where_the_home_names_one(tmp_path: Path) -> None:
    home = Home.of(tmp_path, load("surge", {"slot": "60m"}))
    assert home.store == home.tables
    (tmp_path / "tables.url").write_text("s3://bucket/afield/?region=eu-west-1\n")
    assert home.store == "s3://bucket/afield/surge-60m?region=eu-west-1"
