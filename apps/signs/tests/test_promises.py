"""What signs promises of confidence and languages."""

import numpy as np
import polars as pl
import pytest

from signs.confidence import FEATURES
from signs.explaining import CAUSES
from signs.promises import BEHAVIOURS, GROUPS, capitals, languages, likeliest, worse_read
from signs.records import LANGUAGES


def test_every_feature_of_confidence_is_in_one_group_and_has_its_words():
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(FEATURES)
    assert set(CAUSES) == set(GROUPS)
    row, usual = dict.fromkeys(FEATURES, 1.0), dict.fromkeys(FEATURES, 0.5)
    assert all(cause(row, usual) for cause in CAUSES.values())


def test_a_line_that_is_read_worse_has_lower_scores_and_a_lower_product():
    values = {name: [0.8] for name in FEATURES} | {"length": [np.log1p(10)], "log_score": [-1.0]}
    worse = worse_read(pl.DataFrame(values))
    assert worse["mean_score"].item() == pytest.approx(0.72)
    assert worse["log_score"].item() == pytest.approx(-1.0 + 10 * np.log(0.9))


def test_capitals_are_the_same_phrases_written_large():
    rows = pl.DataFrame({"key": ["sortie de secours", "no entry"]})
    assert capitals(rows)["key"].to_list() == rows["key"].to_list()


def test_the_likeliest_language_is_told_by_its_place():
    outputs = {name: np.array([0.1, 0.9 if name == "fr" else 0.0]) for name in LANGUAGES}
    assert likeliest(outputs | {"de": np.array([0.8, 0.0])}).tolist() == [LANGUAGES.index("de"), LANGUAGES.index("fr")]


def test_a_line_belongs_to_the_language_that_it_was_taken_for():
    lines = pl.LazyFrame({"line": ["a", "b"], "language": ["ja", "fr"]})
    assert languages({"lines": lines}).sort("key").rows() == [("a", "ja"), ("b", "fr")]


def test_promises_have_names_of_their_own():
    assert len({each.name for each in BEHAVIOURS}) == len(BEHAVIOURS)
