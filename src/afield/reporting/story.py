"""The story of a run: what happened, in order of domain time, each in a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from afield.reporting.content import Report, Span, Update
from afield.wording import moment, none, number, sentences, short

DECISIONS = {
    "promoted": "went live",
    "rolled_back": "was taken back",
    "rejected": "was turned down",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened.

    Attributes:
        at: domain time.
        kind: start, change, alert, candidate, promoted, rolled_back, rejected, outage.
        title: what happened, a few words.
        text: the rest, a sentence or two; may be empty.
    """

    at: datetime
    kind: str
    title: str
    text: str = ""


def story(report: Report) -> tuple[Happening, ...]:
    """What happened, earliest first; on the same moment in the order cause, notice, action."""
    told = [*_setting(report), *_alerts(report)]
    for update in report.updates:
        told += _update(update)
    return tuple(sorted([*told, *_outage(report)], key=attrgetter("at")))


def _setting(report: Report) -> Iterator[Happening]:
    release = short(report.build.release)
    yield Happening(report.replay.begins, "start", "Traffic begins", f"Release {release} answers.")
    if report.replay.regime_change is not None:
        text = "The world begins to behave differently; the service is not told."
        yield Happening(report.replay.regime_change, "change", "Change of regime", text)


def _alerts(report: Report) -> Iterator[Happening]:
    for alert in report.alerts:
        yield Happening(
            alert.at, "alert", f"Alert, {alert.severity}: {alert.monitor}", sentences(alert.message, alert.advice)
        )


def _update(update: Update) -> Iterator[Happening]:
    candidate = short(update.candidate)
    if update.stages:
        climb = "; ".join(_span(span) for span in update.stages)
        begins = min(span.begins for span in update.stages)
        yield Happening(
            begins, "candidate", f"Candidate {candidate} offered", sentences(f"Trigger: {update.trigger}", climb)
        )
    yield Happening(
        update.at, update.decision, f"Candidate {candidate} {DECISIONS[update.decision]}", sentences(update.reason)
    )


def _span(span: Span) -> str:
    if span.ends is None:
        return f"{span.stage} from {moment(span.begins)} on"
    return f"{span.stage} {moment(span.begins)} to {moment(span.ends)}"


def _outage(report: Report) -> Iterator[Happening]:
    outage = report.fallback
    if outage is None or outage.begins is None:
        return
    until = "" if outage.ends is None else f" until {moment(outage.ends)}"
    text = (
        f"{number(outage.requests)} {report.words.requests} were asked for{until} and {none(outage.failed)} failed; "
        "the answers came from the fallback and said so."
    )
    yield Happening(outage.begins, "outage", "The model is broken on purpose", text)
