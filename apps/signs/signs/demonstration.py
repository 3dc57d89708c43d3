"""What the demonstration plays: generated travellers who walk into rain and night, or pictures that are given."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import msgspec
import polars as pl

from afield.records.facts import Window
from afield.records.traffic import Answer, Fact, Outcome
from afield.replay import Arms, Scenario
from afield.reporting.content import Felt
from signs.concluding import SURE
from signs.evaluating import read_truth
from signs.matching import match
from signs.operating import STEP
from signs.person import act, matched, read_right
from signs.records import Language
from signs.shown import Shown, shown
from signs.sights import Sight, Where, asked
from signs.stories import Seen, sections
from signs.walk import Taken, walk
from signs.walks import Walks, split_phrases
from signs.words import MEASURES, MISTAKES, NOTE

SEED, DAYS, FRAMES, TURN = 23, 8, 960, 1.0
ANSWERED = 0.85
"""How often a traveller answers who is asked."""
EDITED = 0.35
"""How often one who is asked about a line that is wrong puts it right."""
KEPT = 400
"""Frames that are remembered for the report's pictures."""
DAY = timedelta(days=1)

Judged = Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Look:
    """One frame that a traveller sends, and what is true of it.

    Attributes:
        at: when.
        body: of the request.
        seen: the frame, for the report.
        judge: the lines of an answer → whether each was read right, by id.
        acts: the lines of an answer → what the traveller does unasked: `(line, how, text, english)`.
    """

    at: datetime
    body: bytes
    seen: Seen
    judge: Callable[[Sequence[Shown]], Judged]
    acts: Callable[[Sequence[Shown]], Sequence[tuple[str, str, str | None, str | None]]]


@dataclass(slots=True)
class Travellers:
    """Clients that send frames, answer when they are asked, and complain when they are not.

    Attributes:
        looks: the frames by tick.
        seen: frames with what was answered, the last `KEPT`.
        languages: `(language on the sign, language said)` → lines.
    """

    looks: Mapping[datetime, Sequence[Look]]
    generator: random.Random
    seen: list[tuple[Seen, tuple[Shown, ...]]] = field(default_factory=list)
    languages: Counter[tuple[str, str]] = field(default_factory=Counter)
    _facts: list[Fact] = field(default_factory=list)

    def facts(self, tick: datetime) -> Sequence[Fact]:
        """What travellers said since the tick before."""
        told, self._facts = self._facts, []
        return [msgspec.structs.replace(fact, known_at=tick - timedelta(seconds=1)) for fact in told]

    def outcomes(self, _tick: datetime, /) -> Sequence[Outcome]:
        """None: outcomes are counted from what travellers said."""
        return []

    def requests(self, tick: datetime) -> Sequence[bytes]:
        """The frames that are sent between this tick and the next."""
        return [look.body for look in self.looks.get(tick, ())]

    def settle(self, tick: datetime, answers: Sequence[Answer], /) -> None:
        """Let every traveller look at the answer, and say something or not."""
        looks = self.looks.get(tick, ())
        if len(answers) != len(looks):
            return  # a failed request leaves a gap: nobody knows whose answer is whose
        for look, answer in zip(looks, answers, strict=True):
            content = answer.content if isinstance(answer.content, tuple) else ()
            lines = shown(content)
            self._facts += self._said(look, lines)
            self.seen = [*self.seen[-KEPT + 1 :], (look.seen, lines)]
            for item, line in zip(content, lines, strict=True):
                there = look.seen.language_of(line)
                if there:
                    self.languages[there, str(item["language"])] += 1

    def _said(self, look: Look, lines: Sequence[Shown]) -> Iterator[Fact]:
        """A verdict for each line about which the traveller says something."""
        right = look.judge(lines)
        for line in lines:
            if not asked(line.id) or line.id not in right or self.generator.random() >= ANSWERED:
                continue
            edited = not right[line.id] and self.generator.random() < EDITED
            how = "tapped_right" if right[line.id] else "edited" if edited else "tapped_wrong"
            yield verdict(line.id, look.at, how, right=right[line.id], was_asked=True)
        for line_id, how, text, english in look.acts(lines):
            if not asked(line_id):
                yield verdict(line_id, look.at, how, right=how == "tapped_right", text=text, english=english)


def verdict(
    line: str,
    at: datetime,
    how: str,
    *,
    right: bool,
    was_asked: bool = False,
    text: str | None = None,
    english: str | None = None,
) -> Fact:
    """What somebody said of a line, as a fact."""
    fields: dict[str, str | int | float | bool | None] = {"line": line, "right": int(right), "how": how}
    put = {name: value for name, value in (("text", text), ("english", english)) if value is not None}
    return Fact(f"{line}/said", "verdict", at, fields={**fields, "asked": was_asked, **put})


def demonstration(_options: Mapping[str, str], data: Path | None) -> Scenario:
    """The scenario for generated travellers, or for a folder of pictures with their truth.

    Raises:
        DataError: the folder's truth is missing or malformed.
    """
    source = Walks()
    window = Window(source.end, source.end + DAYS * DAY)
    looks = _walked(window) if data is None else _given(data, window)
    by_tick = {tick: list(each) for tick, each in groupby(looks, key=lambda look: _tick(look.at))}
    travellers = Travellers(by_tick, random.Random(SEED))  # noqa: S311 - a simulation
    return Scenario(
        name=f"generated walks, seed {SEED}" if data is None else f"{data}, shown to generated travellers",
        source=source,
        window=window,
        traffic=travellers,
        felt=felt,
        bad_candidate=window.start + 6 * DAY,
        bad_factor=0.3,
        outage=window.start + 7 * DAY,
        regime_change=window.start + TURN * DAY if data is None else None,
        expected=lambda rows: int(sum(asked(key) for key in rows["key"].to_list())),
        sections=lambda _arms, folders: sections(travellers.seen, travellers.languages, folders),
    )


def felt(arms: Arms) -> Felt:
    """Lines that were called sure and were misread, and lines that were read right and not called sure."""
    return Felt(
        counted="lines of which travellers said whether they were read right",
        count=arms["kept"].height,
        measures=MEASURES,
        mistakes=MISTAKES,
        note=NOTE,
        **{name: mistakes(frame) for name, frame in arms.items()},
    )


def mistakes(frame: pl.DataFrame) -> dict[str, float | None]:
    """Counts of the two mistakes."""
    sure, right = pl.col("forecast") >= SURE, pl.col("truth") > 0
    counts = frame.select(wrong_shown=(sure & ~right).sum(), right_held_back=(~sure & right).sum())
    return {name: float(value) for name, value in counts.row(0, named=True).items()}


def _walked(window: Window) -> Iterator[Look]:
    fitted, held = split_phrases()
    turn = TURN * DAY / (window.end - window.start)
    hours = (window.end - window.start) / timedelta(hours=1)
    phrases = [*fitted, *held]
    for number, taken in enumerate(walk(SEED, window.start, hours, FRAMES, phrases, turn=turn)):
        yield _look(taken, random.Random(SEED * 10_000 + number))  # noqa: S311 - a simulation


def _look(taken: Taken, generator: random.Random) -> Look:
    def judge(lines: Sequence[Shown]) -> Judged:
        there = matched(taken.lines, lines)
        return {line.id: read_right(line, there.get(line.id)) for line in lines if line.text}

    def acts(lines: Sequence[Shown]) -> Sequence[tuple[str, str, str | None, str | None]]:
        done = act(taken.lines, lines, generator)
        return [(each.line, each.how, each.text, each.english) for each in done]

    truth = {each.text: each.language for each in taken.lines}
    place = Where(taken.place.latitude, taken.place.longitude)
    body = msgspec.json.encode(Sight(taken.device, taken.frame, taken.at, place))
    return Look(taken.at, body, Seen(taken.frame, taken.regime, taken.at, truth), judge, acts)


def _given(folder: Path, window: Window) -> Iterator[Look]:
    """The pictures of a folder, one every other tick, again and again."""
    rows = [(row, (folder / row.file).read_bytes()) for row in read_truth(folder)]
    at, number = window.start, 0
    while at < window.end:
        row, content = rows[number % len(rows)]
        expected = (*row.lines, *row.ignore)

        def judge(lines: Sequence[Shown], expected: tuple[str, ...] = expected) -> Judged:
            read = [line for line in lines if line.text]
            found = match(expected, [line.text for line in read])
            right = {read[place].id: each.errors == 0 for each in found for place in each.read}
            return {line.id: right.get(line.id, False) for line in read}

        body = msgspec.json.encode(Sight(f"generated-{number % 5:02}", content, at + STEP / 3))
        truth: dict[str, Language] = dict.fromkeys(row.lines, row.lang)  # type: ignore[arg-type]
        yield Look(at + STEP / 3, body, Seen(content, "given", at, truth), judge, lambda _: ())
        at, number = at + STEP, number + 1


def _tick(at: datetime) -> datetime:
    return at - (at - datetime.min) % STEP
