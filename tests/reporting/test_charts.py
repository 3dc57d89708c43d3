"""The charts: plain drawings in known colours."""

import re
from typing import Any

from afield.reporting import charts
from afield.reporting.content import Report, read


def drawn(report: Report, width: int) -> list[str]:
    assert report.felt is not None
    return [
        charts.timeline(report, width),
        charts.differences(report.accuracy.differences, width),
        charts.mistakes(report.felt, width),
    ]


def test_each_chart_fits_its_width(sample: dict[str, Any]) -> None:
    for width in (340, 880):
        for svg in drawn(read(sample), width):
            made = re.match(r'<svg class="chart" role="img" aria-label="[^"]+" viewBox="0 0 ([\d.]+) [\d.]+"', svg)
            assert made is not None
            assert 0.9 * width <= float(made[1]) <= width


def test_every_colour_has_its_counterpart_on_a_dark_ground(sample: dict[str, Any]) -> None:
    known = {light for light, _ in charts.PALETTE.values()} | {"none", "transparent"}
    for svg in drawn(read(sample), 880):
        visible = re.sub(r"<path[^>]*display=\"none\"[^>]*>", "", svg)
        assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', visible)) <= known


def test_a_chart_holds_no_address_and_no_identifier_that_another_may_hold(sample: dict[str, Any]) -> None:
    for svg in drawn(read(sample), 880):
        assert "http" not in svg
        assert " id=" not in svg
        assert "<image" not in svg


def test_spans_marks_and_lines_are_on_the_timeline(sample: dict[str, Any]) -> None:
    svg = charts.timeline(read(sample), 880)
    for meaning in ("never_updated", "kept", "baseline", "shadow", "canary", "probation", "outage", "ink"):
        assert charts.PALETTE[meaning][0] in svg


def test_days_stand_under_their_own_date_wherever_the_page_is_made(sample: dict[str, Any]) -> None:
    sample["timeline"] = sample["timeline"][:3]
    sample["replay"] |= {"from": "2024-03-01T00:00:00", "to": "2024-03-04T00:00:00", "regime_change": None}
    sample |= {"alerts": [], "updates": [], "fallback": None}
    labels = re.findall(r">(\d+ Mar)<", charts.timeline(read(sample), 880))
    assert {"1 Mar", "2 Mar", "3 Mar"} <= set(labels)


def test_an_arm_without_losses_is_left_out(sample: dict[str, Any]) -> None:
    for day in sample["timeline"]:
        day["baseline"] = None
    assert charts.PALETTE["baseline"][0] not in charts.timeline(read(sample), 880)


def test_differences_without_ratios_are_not_drawn(sample: dict[str, Any]) -> None:
    for difference in sample["accuracy"]["differences"].values():
        difference["ratio"] = None
    assert charts.differences(read(sample).accuracy.differences, 880) == ""


def test_a_name_from_outside_is_escaped(sample: dict[str, Any]) -> None:
    pairs = sample["accuracy"]["differences"]
    pairs["<script>x - y"] = pairs["kept - baseline"]
    assert "<script" not in charts.differences(read(sample).accuracy.differences, 880)
