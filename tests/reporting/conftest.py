"""A made-up report, complete and plausible; no number in it was measured."""

import math
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from afield.reporting import charts
from surge.words import MISTAKES, PRICED, WORDS

CANDIDATE, BAD = "7f3a91c2d4" * 6 + "7f3a", "badc0ffee0" * 6 + "badc"


def day(number: int, hour: int = 0) -> str:
    """Domain time on a day of the sample's month."""
    return f"2024-03-{number:02d}T{hour:02d}:00:00"


def losses(number: int) -> dict[str, Any]:
    """The daily losses: all alike, then a change, then one of them learns."""
    weekly = 0.03 * math.sin(number * 0.9)
    changed = number >= 9
    return {
        "day": (date(2024, 3, 1) + timedelta(days=number - 1)).isoformat(),
        "never_updated": 1.02 + weekly + (0.31 if changed else 0.0) + 0.02 * math.cos(number * 2.1),
        "kept": 1.02 + weekly + (0.31 if changed and number < 17 else 0.05 if changed else 0.0),
        "baseline": 1.31 + 1.6 * weekly + (0.28 if changed else 0.0) - (0.012 * (number - 12) if number > 12 else 0.0),
    }


def metrics(scale: float, bias: float) -> dict[str, float | None]:
    """Metrics that grow together."""
    return {
        "rmse": 2.4127 * scale,
        "mae": 1.5812 * scale,
        "wape": 0.2441 * scale,
        "poisson_deviance": 1.0763 * scale,
        "bias": bias,
    }


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty drawings in place of the charts, where a test is about the words."""
    for name in ("mistakes", "differences", "timeline"):
        monkeypatch.setattr(charts, name, lambda *_: "<svg></svg>")


@pytest.fixture
def sample() -> dict[str, Any]:
    """The content of a `report.json`, made up; a test may change its copy."""
    return {
        "application": "surge",
        "options": {"slot": "60m"},
        "command": "afield demo surge --out report",
        "version": "0.1.0",
        "words": msgspec.json.decode(msgspec.json.encode(WORDS)),
        "data": {
            "source": "generated city, seed 7",
            "generated": True,
            "density": 4.0,
            "from": day(1)[:5] + "01-01T00:00:00",
            "to": "2024-04-01T00:00:00",
            "rows_read": 1284211,
            "rows_quarantined": 1712,
            "quarantine": [
                {"rule": "reversed_fare", "reason": "the fare was counted twice, once negative", "rows": 1204},
                {"rule": "unknown_zone", "reason": "the pickup zone has no polygon", "rows": 396},
                {"rule": "dropoff_before_pickup", "reason": "the ride ends before it begins", "rows": 112},
            ],
            "messages": ["no events file: features of events are null"],
        },
        "build": {
            "release": "1f0e2d3c4b" * 6 + "1f0e",
            "seconds": 21.4,
            "metrics": metrics(1.0, 0.004),
            "baselines": {
                "one_week_back": metrics(1.52, 0.011),
                "same_slot_four_weeks": metrics(1.22, -0.006),
                "lightgbm_on_lags": metrics(1.04, 0.009),
            },
            "gates": [
                {"gate": "rmse against lightgbm_on_lags", "passed": True, "reason": "0.96 times, at most 1.00"},
                {"gate": "bias", "passed": True, "reason": "+0.4 %, within 1 %"},
            ],
        },
        "replay": {
            "from": day(1),
            "to": "2024-04-01T00:00:00",
            "ticks": 744,
            "requests": 48210,
            "failed": 0,
            "outcomes_expected": 193440,
            "outcomes_joined": 193440,
            "regime_change": day(9),
        },
        "alerts": [
            {
                "at": day(11),
                "since": day(9),
                "monitor": "performance",
                "metric": "poisson_deviance",
                "severity": "critical",
                "effect": 0.31,
                "message": "Poisson deviance is 1.33 [1.27, 1.39], reference 1.02, since 2024-03-09 00:00",
                "advice": "retrain on the last four weeks",
            },
            {
                "at": day(12),
                "since": day(10),
                "monitor": "drift",
                "metric": "psi",
                "severity": "warning",
                "effect": 0.24,
                "message": "lag_1 has moved: PSI 0.24",
                "advice": "look at zones 42 and 74 first",
            },
        ],
        "updates": [
            {
                "trigger": "alert performance",
                "candidate": CANDIDATE,
                "decision": "promoted",
                "reason": "loss per tick lower by 0.24 [0.17, 0.31] over 96 ticks",
                "at": day(17),
                "stages": [
                    {"stage": "shadow", "from": day(11, 2), "to": day(15, 2)},
                    {"stage": "canary", "from": day(15, 2), "to": day(17)},
                    {"stage": "probation", "from": day(17), "to": day(20)},
                ],
            },
            {
                "trigger": "offered once on purpose: trained on shuffled labels",
                "candidate": BAD,
                "decision": "rolled_back",
                "reason": "loss per tick higher by 0.61 [0.44, 0.78] over 24 ticks",
                "at": day(23),
                "stages": [{"stage": "shadow", "from": day(22), "to": day(23)}],
            },
        ],
        "accuracy": {
            "never_updated": metrics(1.21, -0.118),
            "kept": metrics(1.06, -0.021),
            "baseline": metrics(1.43, -0.067),
            "differences": {
                "kept - never_updated": {
                    "metric": "poisson_deviance",
                    "value": -0.1614,
                    "low": -0.2051,
                    "high": -0.1177,
                    "level": 0.95,
                    "ratio": 0.876,
                    "ratio_low": 0.846,
                    "ratio_high": 0.908,
                },
                "kept - baseline": {
                    "metric": "poisson_deviance",
                    "value": -0.3982,
                    "low": -0.4417,
                    "high": -0.3547,
                    "level": 0.95,
                    "ratio": 0.741,
                    "ratio_low": 0.718,
                    "ratio_high": 0.766,
                },
            },
        },
        "felt": {
            "counted": "riders",
            "count": 211402,
            "measures": [msgspec.to_builtins(each) for each in PRICED],
            "mistakes": MISTAKES,
            "never_updated": {"wrongly_surged": 4120, "missed_surges": 9874, "minutes_waited": 903211, "gave_up": 6120},
            "kept": {"wrongly_surged": 3310, "missed_surges": 6442, "minutes_waited": 861877, "gave_up": 4987},
            "baseline": {"wrongly_surged": 6981, "missed_surges": 11206, "minutes_waited": 931400, "gave_up": 6702},
            "note": "A shortage is a slot with as many orders as the zone's drivers can serve, or more.",
        },
        "fallback": {"requests": 64, "failed": 0, "from": day(26, 8), "to": day(26, 20)},
        "telemetry": {
            "offered": 241650,
            "delivered": 241602,
            "spooled": 48,
            "sampled_out": 0,
            "dropped": 0,
        },
        "timeline": [losses(number) for number in range(1, 32)],
        "loss": "poisson_deviance",
        "seconds": 118.2,
        "seconds_by_part": {"reading": 4.1, "first release": 21.4, "replay": 86.3, "report": 2.2},
        "next": [
            "afield serve surge --live",
            'curl -s http://127.0.0.1:8080/v1/quote -d \'{"pickup_location": 42, "order_time": "2024-03-31T18:23"}\'',
            "afield drill surge model-outage",
        ],
    }
