"""The content of a demonstration's report, from the ledger and the tables that the service left."""

import shlex
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from afield import __version__
from afield.control.actions import AFIELD
from afield.control.office import Office
from afield.evaluation.compare import SUMS, compare, daily_sums
from afield.evaluation.metrics import measure
from afield.records.decision import Entry
from afield.records.evidence import Comparison
from afield.records.facts import Window
from afield.replay import Arms, Replayed, Scenario
from afield.reporting.files import write
from afield.statistics.losses import Loss
from afield.telemetry.delivery import OUTPUT
from afield.telemetry.outcomes import joined
from afield.telemetry.settlement import totals
from afield.workshop.results import Built

ARMS = {"champion": "kept", "never_updated": "never_updated", "baseline": "baseline"}
NAMES = ("kept", "never_updated", "baseline")


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
    scenario, window, shown = played.scenario, played.scenario.window, office.plan.metrics
    frames = _arms(office, window, scenario.columns)
    known = {name: frame.drop_nulls("truth") for name, frame in frames.items()}
    entries = office.ledger.entries(office.application.name)
    summary, found = built.facts.summary, built.evaluation
    report: dict[str, object] = {
        "application": office.application.name,
        "options": dict(office.application.options),
        "command": command,
        "version": __version__,
        "words": office.application.words,
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
            "metrics": found.model.numbers(shown),
            "baselines": {name: metrics.numbers(shown) for name, metrics in found.baselines.items()},
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
            "outcomes_expected": scenario.expected(frames["kept"]),
            "outcomes_joined": int(frames["kept"]["truth"].is_not_null().sum()),
            "regime_change": scenario.regime_change.isoformat() if scenario.regime_change else None,
        },
        "alerts": [_alert(entry) for entry in entries if entry.kind == "alert"],
        "updates": updates(entries, built.release),
        **_compared(known, office.operate.loss, shown),
        "felt": scenario.felt(known),
        "fallback": {
            "requests": played.outage.requests,
            "marked": played.outage.fallbacks,
            "failed": played.outage.failed,
            "from": scenario.outage.isoformat(),
            "to": (scenario.outage + 2 * office.operate.step).isoformat(),
        },
        "telemetry": _counts(office),
        "loss": office.operate.loss,
        "seconds": round(sum(seconds.values()), 2),
        "seconds_by_part": dict(seconds),
        "next": next_steps(office),
    }
    live = office.actions.state.champion
    folders = {"never_updated": office.home.bundles / built.release, "kept": office.home.bundles / live}
    sections = tuple(scenario.sections(known, folders))
    report["sections"] = [section.without_contents() for section in sections]
    write(report, out, sections)
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


def _arms(office: Office, window: Window, columns: tuple[str, ...]) -> dict[str, pl.DataFrame]:
    """Arm → what it said at every tick, with the truth where it is known, and what else the live release said."""
    events = joined(office.tables, window, pending=True).filter(pl.col("kind") == "tick")
    row, said = ["tick", "unit"], pl.col(OUTPUT + office.operate.output).alias("forecast")
    beside = events.filter(pl.col("arm") == "champion").select(
        *row, *(pl.col(OUTPUT + name).alias(name) for name in columns)
    )
    return {
        name: events.filter(pl.col("arm") == arm)
        .select(*row, "truth", said)
        .join(beside, on=row, how="left")
        .select("tick", "truth", "forecast", *columns, key="unit")
        for arm, name in ARMS.items()
    }


def _compared(frames: Arms, loss: Loss, shown: tuple[str, ...]) -> dict[str, object]:
    """Accuracy of the arms on the same rows, and the daily losses."""
    together = frames["kept"].select("tick", "key", "truth", kept="forecast")
    for name in NAMES[1:]:
        together = together.join(frames[name].select("tick", "key", pl.col("forecast").alias(name)), on=["tick", "key"])
    sums = daily_sums(together, NAMES)
    pairs = compare(sums, NAMES[1:], model="kept", metrics=tuple(dict.fromkeys((loss, "rmse"))))
    daily = sums.select(
        "day", *(pl.col(f"{name}:{SUMS[loss][0]}").truediv(pl.col("rows")).alias(name) for name in NAMES)
    )
    differences = {
        metric: {f"kept - {each.second}": _difference(each) for each in pairs if each.metric == metric}
        for metric in (loss, "rmse")
    }
    return {
        "accuracy": {
            **{name: measure(together, name).numbers(shown) for name in NAMES},
            "differences": differences[loss],
            "rmse_differences": differences["rmse"],
        },
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
    """Commands that work at once when typed where this one was."""
    application, afield = office.application, command()
    moment = office.clock.now().replace(microsecond=0)
    body = office.operate.asked.sample(moment, office.busiest())
    options = "".join(f" --{name} {value}" for name, value in application.options.items())
    serve = (
        f"{afield} serve {application.name} --live"
        if application.surroundings
        else f"AFIELD_HOME={shlex.quote(near(office.home.root))} {afield} serve {application.name}{options}"
    )
    drilled = any(hazard.drill for hazard in application.requirements.hazards)
    return [
        serve,
        f"curl -s localhost:8000/v1/{office.operate.asked.route} -d {shlex.quote(body)}",
        *([f"{afield} drill {application.name}"] if drilled else []),
    ]


def command() -> str:
    """How `afield` is called from here: by its name where that is found, else by its path."""
    script = Path(sysconfig.get_path("scripts"), "afield")
    return "afield" if shutil.which("afield") or not script.exists() else near(script)


def near(path: Path) -> str:
    """The path from here where it lies below, else the whole of it."""
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else str(whole)
