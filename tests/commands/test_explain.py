"""`afield explain`."""

import pytest

from tests.commands.conftest import Town
from tests.commands.town import APP


def test_an_answer_is_explained_in_words_and_its_shares_add_up(town: Town) -> None:
    spoken = town("explain", APP, "--json")
    assert spoken.code == 0, spoken.err
    value = spoken.value
    explanation = value["explanation"]
    shares = sum(each["value"] for each in explanation["contributions"])
    assert explanation["answer"] == pytest.approx(explanation["usual"] + shares, abs=1e-6)
    assert value["outputs"]["forecast"] == pytest.approx(explanation["answer"], rel=1e-5)
    assert value["provenance"]["release"] == town.release
    assert value["provenance"]["command"] == f"afield explain {APP} --json"
    assert "orders" in value["provenance"]["data"]
    said = {each["group"]: each["words"] for each in explanation["contributions"]}
    assert "orders here in the last hour, usually" in said["recent counts"]


def test_a_person_reads_what_moved_the_answer_and_what_was_decided(town: Town) -> None:
    out = town("explain", APP).out
    assert "usually" in out
    assert "decided:" in out
    assert "because of" in out
    assert f"release {town.release[:12]}, for riders" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--key", "nowhere"), 1, "nothing is known of 'nowhere'"),
        (("--at", "2024-02-01T00:17:00"), 2, "is no tick: they are 1:00:00 apart"),
        (("--at", "2024-02-01T00:00:00+01:00"), 2, "give it without a zone"),
        (("--at", "1990-01-01"), 1, "the model gives no number"),
        (("--release", "ffff"), 2, "ffff"),
    ],
)
def test_what_cannot_be_explained_is_told(town: Town, arguments: tuple[str, ...], code: int, message: str) -> None:
    spoken = town("explain", APP, *arguments)
    assert (spoken.code, message in spoken.err) == (code, True), spoken.err
