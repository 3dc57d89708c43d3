"""Sections of a card on what a release is for and how it behaves: goals, hazards, promises, hard inputs, groups."""

from collections.abc import Iterator

from afield.records.examination import Degradation, Disparity, Examination, Promise
from afield.records.requirements import Goal, Hazard
from afield.release.markdown import bullets, introduced, plain, ranged, section, share, table
from afield.release.told import Evidence, metric_name

SHOWN = 3
TIMES, POINTS = 2.0, 0.05
"""A group is far worse where its rate is so many times that of the others, so much above it, and beyond chance."""
BOUND = "at least {:.0%} asked for"


def goals(evidence: Evidence) -> str:
    """The goal tree, each leaf with what was measured."""
    if evidence.requirements is None:
        return ""
    tree = "\n".join(_goal(evidence.requirements.goal, evidence, 0))
    return section("What it is meant to achieve", tree)


def hazards(evidence: Evidence) -> str:
    """What may go wrong, the gravest first."""
    rows = evidence.requirements.hazards if evidence.requirements else ()
    ordered = sorted(rows, key=lambda row: (-row.severity * row.likelihood, row.name))
    words = (
        "The worst that can happen, to whom, and what is done about it. Risk: severity times likelihood, each from 1 "
        "(small) to 5 (large)."
    )
    head = ("what happens", "to whom", "risk", "how it is noticed", "what is done", "what remains")
    return section("What may go wrong", introduced(words, table(head, map(_hazard, ordered))))


def behaviour(found: Examination) -> str:
    """Promises, and how they were kept."""
    words = (
        "Inputs were changed on purpose and the answers held against what common sense asks for. Kept: the share of "
        f"the rows tried, with its 95 % interval. Tried on {found.sample}, or on a part of them. Rows of one tick may "
        "be alike: where all keep a promise the interval counts ticks and not rows, and is wide where few were tried."
    )
    rows = list(map(_promise, found.promises))
    notes = bullets(note for note in found.notes if note.startswith("behaviour"))
    return section(
        "How it behaves", introduced(words, table(("promise", "rows", "kept", "gate", "worst"), rows)), notes
    )


def robustness(found: Examination, evidence: Evidence) -> str:
    """What noise, missing and old inputs cost."""
    compared = [each.comparison.metric for each in found.degradations if each.comparison]
    name = metric_name(compared[0], evidence) if compared else "error"
    words = (
        f"The same rows, answered from worse inputs. Worse: how much the error ({plain(name)}) grows, with its 95 % "
        f"interval; below zero it shrank. Tried on {found.sample}."
    )
    ordered = sorted(found.degradations, key=_harm, reverse=True)
    rows = [(each.says, _worse(each), "–" if each.most is None else f"at most {each.most:+.0%}") for each in ordered]
    return section("When its inputs fail", introduced(words, table(("what fails", "worse", "gate"), rows)))


def fairness(found: Examination) -> str:
    """How groups of people fare."""
    bodies = [_disparity(each) for each in found.disparities]
    notes = bullets(note for note in found.notes if not note.startswith("behaviour"))
    words = (
        "The same measure for each group, with its 95 % interval. Groups about which too little is known are left out "
        "of the comparison. Even between equals the largest and the smallest differ by chance."
    )
    return section("How groups of people fare", words if bodies else "", *bodies, notes)


def weak(found: Examination) -> Iterator[str]:
    """The groups that fare far worse than the others, each in a line."""
    for each in found.disparities:
        judged = [(group.group, group.value) for group in each.groups if group.judged]
        rows = sum(value.weight for _, value in judged[1:])
        if rows <= 0 or judged[-1][1].value < 0:
            continue
        elsewhere = sum(value.value * value.weight for _, value in judged[1:]) / rows
        name, worst = judged[0]
        if worst.interval.low > elsewhere and worst.value >= max(TIMES * elsewhere, elsewhere + POINTS):
            yield (
                f"{each.metric}, {each.attribute} {name}: {ranged(worst)}, against {share(elsewhere)} elsewhere; "
                f"{each.says}"
            )


def _goal(goal: Goal, evidence: Evidence, depth: int) -> Iterator[str]:
    said = ""
    if goal.measure:
        name = metric_name(goal.measure, evidence)
        value = evidence.measured.get(goal.measure)
        said = f" ({name}: {value})" if value else f" ({name}: told by production, not by this test)"
    yield bullets([goal.statement + said], depth)
    for child in goal.children:
        yield from _goal(child, evidence, depth + 1)


def _hazard(row: Hazard) -> tuple[str, ...]:
    drill = f" Rehearsed by the drill {row.drill}." if row.drill else " Not rehearsed yet."
    risk = f"{row.severity} × {row.likelihood}"
    return row.happens, row.whom, risk, row.noticed, "; ".join(row.mitigations) + "." + drill, row.residual


def _promise(promise: Promise) -> tuple[str, ...]:
    gate = "–" if promise.least is None else BOUND.format(promise.least)
    return promise.says, f"{promise.rows:,}", ranged(promise.kept), gate, promise.worst or "–"


def _harm(found: Degradation) -> float:
    if found.comparison is None or found.comparison.ratio is None:
        return float("inf")
    return found.comparison.ratio.value


def _worse(found: Degradation) -> str:
    if found.comparison is None or found.comparison.ratio is None:
        if found.unanswered >= 1:
            return "it gives no answer: the fallback answers"
        return "too few stretches of time to tell"
    said = ranged(found.comparison.ratio, 1.0, sign=True)
    return said + (f"; no answer to {share(found.unanswered)}" if found.unanswered > 0 else "")


def _disparity(found: Disparity) -> str:
    judged = [each for each in found.groups if each.judged]
    apart = len(found.groups) - len(judged)
    shown = judged if len(judged) <= 2 * SHOWN else [*judged[:SHOWN], *judged[-SHOWN:]]
    rows = [(each.group, f"{each.value.weight:,.0f}", ranged(each.value)) for each in shown]
    heading = f"**{plain(found.metric)}** by {plain(found.attribute)}: {plain(found.says)}."
    left = [f"Not shown between them: {_groups(len(judged) - len(shown))}"] if len(shown) < len(judged) else []
    left += [f"Left out, with too little to judge: {_groups(apart)}"] if apart else []
    said = f"Largest minus smallest: {ranged(found.difference)}{_limit(found)}." + "".join(f" {each}." for each in left)
    return "\n\n".join([heading, table((found.attribute, "out of", found.metric), rows), said])


def _groups(count: int) -> str:
    return "1 group" if count == 1 else f"{count} groups"


def _limit(found: Disparity) -> str:
    asked = []
    if found.difference_limit is not None:
        asked.append(f"at most {share(found.difference_limit)} is allowed")
    if found.ratio_limit is not None and found.ratio is not None:
        asked.append(f"smallest over largest {found.ratio.value:.2f}, at least {found.ratio_limit:g} is asked for")
    return "; " + "; ".join(asked) if asked else "; told, not judged"
