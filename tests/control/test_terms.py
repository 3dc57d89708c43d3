"""What a service is told: nothing of its terms is lost on the way."""

from pathlib import Path

import msgspec

from afield.application import load
from afield.control.terms import Places, Terms, configured
from afield.home import Home
from afield.serving.config import Config

HERE = Path("/somewhere")
TERMS = Terms(
    address="127.0.0.2",
    port=8001,
    workers=2,
    most=4,
    hosts=("other",),
    token=HERE / "tokens",
    seams={"a:b": "c"},
    design="hybrid",
    cache="valkey://h",
    upstream="http://u",
    upstream_token=HERE / "told",
    log="all",
    otlp="http://o",
    within=5.0,
    gather=0.002,
)
PLACES = Places(snapshots=HERE / "s", bundles=HERE / "b", spools=HERE / "p", counts=HERE / "c", heartbeat=HERE / "h")


def told() -> Config:
    toy = load("afield.testing.toy:toy")
    return configured(toy, Home.of(HERE, toy), TERMS, PLACES)


def test_every_term_that_a_configuration_knows_is_in_it() -> None:
    config, plain = told(), Terms()
    shared = set(Config.__struct_fields__) & set(Terms.__dataclass_fields__)
    assert shared >= {"within", "otlp", "log", "cache", "upstream"}
    for name in shared:
        given = getattr(TERMS, name)
        assert given != getattr(plain, name), f"this test says nothing of {name}"
        assert getattr(config, name) == (str(given) if isinstance(given, Path) else given), name


def test_every_field_of_a_configuration_is_filled_but_those_that_are_found_out_later() -> None:
    config = told()
    left = {
        field.name
        for field in msgspec.structs.fields(Config)
        if not field.required and getattr(config, field.name) == field.default
    }
    assert left <= {"own", "seal_after"}
