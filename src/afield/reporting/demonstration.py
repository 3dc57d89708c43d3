"""The content of a demonstration's report, from the ledger and the tables that the service left."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from afield import __version__
from afield.control.actions import AFIELD
from afield.control.office import Office
from afield.evaluation.compare import compare, daily_sums
from afield.evaluation.metrics import measure
from afield.records.decision import Entry
from afield.records.evidence import Comparison
from afield.records.facts import Window
from afield.replay import Replayed, Scenario
from afield.reporting.files import write
from afield.telemetry.outcomes import joined
from afield.telemetry.settlement import totals
from afield.workshop.bench import Built

ARMS = {"champion": "kept", "never_updated": "never_updated", "baseline": "baseline"}
LOSS = "poisson_deviance"


@dataclass(frozen=True, slots=True)
class Played:
    """What was played, and what it met.

    Attributes:
        scenario: the script.
        replayed: counts of the whole.
        outage: counts of the ticks at which the model was broken.
    """

    scenario: Scenario
    replayed: Replayed
    outage: Replayed


def compose(
    office: Office, built: Built, played: Played, seconds: Mapping[str, float], *, command: str, out: Path
) -> Mapping[str, object]:
    """Write `report.json` and `report.html` into `out`; the content of the former."""
    window = played.scenario.window
    frames = _arms(office, window)
    entries = office.ledger.entries(office.application.name)
    summary, found = built.facts.summary, built.evaluation
    report: dict[str, object] = {
        "application": office.application.name,
        "options": dict(office.application.options),
        "command": command,
        "version": __version__,
        "data": {
            "source": summary.name,
            "generated": summary.generated,
            "density": summary.density,
            "from": built.windows.whole.start.isoformat(),
            "to": window.end.isoformat(),
            "rows_read": summary.rows_read,
            "rows_quarantined": summary.rows_quarantined,
            "quarantine": list(summary.quarantine),
            "messages": [*summary.messages, *built.notes],
        },
        "build": {
            "release": built.release,
            "seconds": seconds["first build"],
            "metrics": found.model.numbers(),
            "baselines": {name: metrics.numbers() for name, metrics in found.baselines.items()},
            "gates": [
                {"gate": verdict.gate, "passed": verdict.passed, "reason": verdict.reason} for verdict in built.verdicts
            ],
        },
        "replay": {
            "from": window.start.isoformat(),
            "to": window.end.isoformat(),
            "ticks": played.replayed.ticks,
            "requests": played.replayed.requests,
            "failed": played.replayed.failed,
            "failures": played.replayed.failures,
            "outcomes_expected": played.replayed.ticks * frames["kept"]["key"].n_unique(),
            "outcomes_joined": int(frames["kept"]["truth"].is_not_null().sum()),
            "regime_change": played.scenario.regime_change.isoformat() if played.scenario.regime_change else None,
        },
        "alerts": [_alert(entry) for entry in entries if entry.kind == "alert"],
        "updates": updates(entries, built.release),
        **_compared({name: frame.drop_nulls("truth") for name, frame in frames.items()}, played.scenario),
        "fallback": {
            "requests": played.outage.requests,
            "marked": played.outage.fallbacks,
            "failed": played.outage.failed,
            "from": played.scenario.outage.isoformat(),
            "to": (played.scenario.outage + 2 * office.operate.step).isoformat(),
        },
        "telemetry": _counts(office),
        "loss": LOSS,
        "seconds": round(sum(seconds.values()), 2),
        "seconds_by_part": dict(seconds),
        "next": next_steps(office),
    }
    write(report, out)
    return report


def updates(entries: tuple[Entry, ...], first: str) -> list[dict[str, object]]:
    """Each candidate's story from the ledger: why it came, how far it climbed, what became of it.

    A candidate that was still climbing at the end has no decision yet and is left out.
    """
    told: list[dict[str, object]] = []
    subjects = dict.fromkeys(e.subject for e in entries if e.kind in ("offered", "promoted", "rejected"))
    for subject in (each for each in subjects if each != first):
        rows = [entry for entry in entries if entry.subject == subject]
        ended = [row for row in rows if row.kind in _DECISIONS]
        if not ended:
            continue
        came = rows[0]
        last = ended[-1]
        told.append(
            {
                "trigger": came.reason.partition(";")[0] if came.actor == AFIELD else f"by hand: {came.reason}",
                "candidate": subject,
                "decision": last.kind,
                "reason": last.reason,
                "at": last.at.isoformat(),
                "stages": _stages(rows),
            }
        )
    return told


_DECISIONS = ("promoted", "rolled_back", "rejected")
_BEGINS = {"offered": "shadow", "promoted": "probation"}


def _stages(rows: list[Entry]) -> list[dict[str, str | None]]:
    """Spans of the ladder's stages, from one row of the ledger to the next."""
    spans: list[dict[str, str | None]] = []
    for row in rows:
        if row.kind not in (*_BEGINS, "stage", "rolled_back"):
            continue
        if spans and spans[-1]["to"] is None:
            spans[-1]["to"] = row.at.isoformat()
        stage = _BEGINS.get(row.kind) or str(row.evidence.get("stage", ""))
        if row.kind != "rolled_back" and stage != "idle":
            spans.append({"stage": stage, "from": row.at.isoformat(), "to": None})
    return spans


def _arms(office: Office, window: Window) -> dict[str, pl.DataFrame]:
    """Arm → what it forecast at every tick, with the truth where it is known."""
    events = joined(office.tables, window, pending=True).filter(pl.col("kind") == "tick")
    capacity = events.filter(pl.col("arm") == "champion").select("tick", "unit", "output_capacity")
    frames = {}
    for arm, name in ARMS.items():
        frame = events.filter(pl.col("arm") == arm).select("tick", "unit", "truth", "output_forecast")
        frames[name] = frame.join(capacity, on=["tick", "unit"], how="left").select(
            "tick", "truth", key="unit", forecast="output_forecast", capacity="output_capacity"
        )
    return frames


def _compared(frames: dict[str, pl.DataFrame], scenario: Scenario) -> dict[str, object]:
    """Accuracy of the arms on the same rows, what people felt, and the daily losses."""
    together = frames["kept"].rename({"forecast": "kept"})
    for name in ("never_updated", "baseline"):
        other = frames[name].select("tick", "key", pl.col("forecast").alias(name))
        together = together.join(other, on=["tick", "key"])
    names = ["kept", "never_updated", "baseline"]
    sums = daily_sums(together, names)
    pairs = compare(sums, ["never_updated", "baseline"], model="kept", metrics=(LOSS, "rmse"))
    daily = sums.select("day", *(pl.col(f"{name}:deviance").truediv(pl.col("rows")).alias(name) for name in names))
    return {
        "accuracy": {
            **{name: measure(together, name).numbers() for name in names},
            "differences": {f"kept - {each.second}": _difference(each) for each in pairs if each.metric == LOSS},
            "rmse_differences": {f"kept - {each.second}": _difference(each) for each in pairs if each.metric == "rmse"},
        },
        "felt": scenario.felt(frames),
        "timeline": [{**row, "day": row["day"].isoformat()} for row in daily.to_dicts()],
    }


def _difference(pair: Comparison) -> dict[str, float | str | None]:
    interval, ratio = pair.difference.interval, pair.ratio
    return {
        "metric": pair.metric,
        "value": pair.difference.value,
        "low": interval.low,
        "high": interval.high,
        "level": interval.level,
        "ratio": ratio.value if ratio else None,
        "ratio_low": ratio.interval.low if ratio else None,
        "ratio_high": ratio.interval.high if ratio else None,
    }


def _alert(entry: Entry) -> dict[str, object]:
    known = entry.evidence
    return {
        "at": entry.at.isoformat(),
        "since": known["since"],
        "monitor": known["monitor"],
        "metric": known["metric"],
        "severity": known["severity"],
        "effect": known["effect"],
        "message": entry.reason,
        "advice": known["advice"],
    }


def _counts(office: Office) -> dict[str, int]:
    counts = totals(office.home.telemetry)
    return {name: getattr(counts, name) for name in ("offered", "delivered", "spooled", "sampled_out", "dropped")}


def next_steps(office: Office) -> list[str]:
    """Three commands that work at once."""
    name = office.application.name
    moment = office.clock.now().replace(microsecond=0)
    body = office.operate.sample(moment, office.busiest())
    return [
        f"afield serve {name} --live",
        f"curl -s localhost:8000/v1/{office.operate.route} -d '{body}'",
        f"afield drill {name}",
    ]
