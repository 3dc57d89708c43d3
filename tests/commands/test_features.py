"""`afield features`."""

import pytest

from tests.commands.conftest import Town
from tests.commands.town import APP


@pytest.mark.slow
def test_what_features_are_worth_is_told_with_intervals_and_provenance(town: Town) -> None:
    done = town("features", APP, "--data", town.early, "--json")
    assert done.code == 0, done.err
    found = done.value
    groups = {each["name"]: each for each in found["groups"]}
    assert "typical curves" in groups
    for each in groups.values():
        interval = each["adds"]["difference"]["interval"]
        assert interval["low"] <= each["adds"]["difference"]["value"] <= interval["high"]
    # A file of orders knows no events: what would adding a column of nulls do?
    assert not groups["events"]["occurs"]
    assert groups["recent counts"]["freshness"]["harmful_slots"] is not None
    assert groups["place"]["importance"] is None
    assert found["provenance"]["command"].startswith("afield features")
    assert set(found["provenance"]["data"]) >= {"name", "facts"}
    page = town.folder / "features" / "features.html"
    assert "How fresh it must be" in page.read_text("utf-8")


def test_too_few_data_are_refused_in_words(town: Town) -> None:
    done = town("features", APP, "--data", town.early, "--until", "2024-01-10")
    assert done.code == 1
    assert "give" in done.err
