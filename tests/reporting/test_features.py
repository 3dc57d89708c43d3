"""The report of features: verdicts that say no more than their intervals, and a page that loads nothing."""

from datetime import datetime
from pathlib import Path

import pytest

from afield.evaluation.stability import Shift
from afield.records.evidence import Comparison, Estimate, Interval
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.records.words import Words
from afield.reporting.features import sheet, short_rows, title, write
from afield.reporting.sheet import html
from afield.study.costs import FeatureCost
from afield.study.freshness import Age, Freshness
from afield.study.worth import FeatureWorth, GroupWorth, Importance, Stretch, Worth
from afield.workshop.results import Windows

DAY = Window(datetime(2024, 1, 1), datetime(2024, 1, 2))


def about(value: float, half: float) -> Estimate:
    return Estimate(value, Interval(value - half, value + half), 100, 100.0)


def rise(value: float, half: float = 0.01) -> Comparison:
    return Comparison("x", "without", "with", about(value, half), about(1 + value, half))


def group(name: str, adds: Comparison | None, *, used: bool = True, occurs: bool = True) -> GroupWorth:
    looks = Importance(rise(0.3), about(0.2, 0.1), about(0.5, 0.1), (Stretch(DAY.start, rise(0.2)),), True)
    fresh = Freshness((Age(1, rise(0.0, 0.001)), Age(24, rise(0.5))), 1, 24)
    cost = FeatureCost(about(0.01, 0.005), 2e6, 4000, 1000)
    return GroupWorth(name, (f"{name}_1",), used, occurs, cost, adds, looks if used else None, fresh if used else None)


def worth(*groups: GroupWorth) -> Worth:
    features = tuple(
        FeatureWorth(each.columns[0], each.name, each.used, 0.25, Shift(about(0.3, 0.1), 0.2), each.importance)
        for each in groups
    )
    return Worth(
        application="bakery",
        options={"slot": "60m"},
        part="loaves",
        recipe="trees",
        metric="poisson_deviance",
        generated=True,
        windows=Windows(DAY, DAY, DAY, DAY),
        rows=1000,
        loss=0.5,
        seeds=(17, 18),
        spread=0.002,
        seconds=about(0.2, 0.1),
        rows_timed=1000,
        ticks=48,
        groups=groups,
        features=features,
        everything=Freshness((Age(1, rise(0.2)), Age(24, rise(0.9))), None, 1),
        provenance=Provenance("afield features bakery", {"facts": "d1ce"}, "c0de", seed=17),
    )


@pytest.mark.parametrize(
    ("adds", "used", "verdict"),
    [
        (rise(0.05), True, "pays"),
        (rise(0.005), True, "not shown to pay"),
        (rise(-0.05), True, "harms"),
        (rise(0.05), False, "would pay"),
        (rise(-0.05), False, "would harm"),
        (None, True, "cannot be left out"),
    ],
)
def test_a_verdict_says_what_the_interval_shows(adds: Comparison | None, used: bool, verdict: str) -> None:
    assert group("weather", adds, used=used).verdict == verdict


def test_the_title_names_what_pays_and_counts_what_cannot_be_shown() -> None:
    found = worth(group("a", rise(0.05)), group("b", rise(0.0)), group("c", rise(-0.05)), group("d", rise(0.0)))
    assert title(found) == "Shown to pay: a; to harm: c; neither: 2 more"
    assert title(worth(group("b", rise(0.0)))) == "Shown to pay: none; neither: 1 more"


def test_the_page_holds_every_interval_and_how_the_numbers_were_made(tmp_path: Path) -> None:
    found = worth(group("weather", rise(0.05)), group("events", rise(0.0), used=False, occurs=False))
    page = write(found, tmp_path, Words()).read_text("utf-8")
    assert (tmp_path / "features.json").exists()
    for text in (
        "+4.0",
        "+6.0",
        "afield features bakery",
        "d1ce",
        "c0de",
        "not shown to pay; none of it in the window",
    ):
        assert text in page
    assert "<script" not in page
    assert page.count("<svg") == 6
    assert html(sheet(found, Words())) == page


def test_a_terminal_gets_two_tables() -> None:
    (_, head, rows), (_, _, features) = short_rows(worth(group("weather", rise(0.05))))
    assert len(rows) == len(features) == 1
    assert dict(zip(head, rows[0], strict=True))["verdict"] == "pays"
    assert dict(zip(head, rows[0], strict=True))["fresh within"] == "1 slot"
    assert features[0][0] == "weather_1"
