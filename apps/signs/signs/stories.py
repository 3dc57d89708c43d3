"""What the report shows of signs beside the numbers: frames before and after, confusions, and what was not shown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from afield.records.release import Manifest
from afield.reporting.content import Picture, Rows, Section
from afield.serving.model import Model
from afield.serving.releases import Release
from signs.concluding import conclude, infer, observe
from signs.evaluating import END_MARKS
from signs.frames import decode
from signs.kit import prepare
from signs.overlay import overlay
from signs.shown import Shown, shown
from signs.sights import Sight, resolve

PICTURES = 4
EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that was sent.

    Attributes:
        frame: the picture's file.
        regime: light, weather and camera, by name.
        at: when.
        truth: text on the signs → its language.
    """

    frame: bytes
    regime: str
    at: datetime
    truth: Mapping[str, str]

    def language_of(self, line: Shown) -> str | None:
        """The language in which a line stands on a sign, where it was read as it stands there."""
        return self.truth.get(line.text)


def sections(
    seen: Sequence[tuple[Seen, tuple[Shown, ...]]], languages: Counter[tuple[str, str]], folders: Mapping[str, Path]
) -> tuple[Section, ...]:
    """The sections of the report.

    Args:
        seen: frames with what was answered.
        languages: `(language on the sign, language said)` → lines.
        folders: of the releases `never_updated` and `kept`.
    """
    return (
        Section(
            "Frames, before and after",
            "The same frames, read by the first release and by the one that was live in the end. Green: shown as sure; "
            "amber with a question mark: the traveller is asked; grey: read, and not translated.",
            pictures=tuple(pictures(seen, folders)),
        ),
        Section(
            "What was not shown",
            "Lines without English, and why: to say nothing is better than to guess.",
            tables=(not_shown(seen),),
        ),
        Section(
            "Languages taken for each other",
            "Of lines that were read as they stand on the sign: their language, and the language that was said.",
            tables=(confusions(languages),),
        ),
    )


def pictures(seen: Sequence[tuple[Seen, tuple[Shown, ...]]], folders: Mapping[str, Path]) -> list[Picture]:
    """The frames on which the two releases differ most, each by both."""
    before, after = (opened(folders[name]) for name in ("never_updated", "kept"))
    told = []
    for frame, _ in seen[-80:]:
        one, other = lines_of(before, frame), lines_of(after, frame)
        differ = sum(first.mode != second.mode for first, second in zip(one, other, strict=True))
        told.append((differ, frame, one, other))
    told.sort(key=lambda each: -each[0])
    found = []
    for _, frame, one, other in told[:PICTURES]:
        pixels = decode(frame.frame).pixels
        for name, lines in (("first release", one), ("last release", other)):
            said = "; ".join(f"{line.text}: {line.english or 'not translated'} ({line.mode})" for line in lines)
            found.append(Picture(f"A generated street. {said}", f"{name}, {frame.regime}", overlay(pixels, lines)))
    return found


def lines_of(release: Release, frame: Seen) -> tuple[Shown, ...]:
    """What a release shows of a frame, in mode automate."""
    query = resolve(Sight("report", frame.frame, frame.at))
    observed = observe(query.request, release)
    outputs = infer(observed.rows, release.parts) if observed.found else {"confidence": np.empty(0)}
    return shown(conclude("report", query, observed, outputs, "automate").content)


def opened(folder: Path) -> Release:
    """A release of this home; it was verified when it was built."""
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    parts = {part.name: Model(part, (folder / f"parts/{part.name}/model.onnx").read_bytes()) for part in manifest.parts}
    kit = prepare(parts, lambda name: (folder / "tables" / name).read_bytes())
    return Release(folder.name, parts, manifest.feature_set, (), kit)


def not_shown(seen: Sequence[tuple[Seen, tuple[Shown, ...]]]) -> Rows:
    """Reasons with how often each was given and an example."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for _, lines in seen:
        for line in lines:
            if line.mode == "off":
                reason = line.reason.partition(" (")[0]
                counts[reason] += 1
                if line.text.strip(END_MARKS):
                    examples.setdefault(reason, line.text)
    rows = tuple((reason, f"{count:,}", examples.get(reason, "–")) for reason, count in counts.most_common(EXAMPLES))
    return Rows(("why", "lines", "for example"), rows)


def confusions(languages: Counter[tuple[str, str]]) -> Rows:
    """Language on the sign × language said."""
    names = sorted({name for pair in languages for name in pair})
    rows = tuple((true, *(f"{languages[true, said]:,}" for said in names)) for true in names)
    return Rows(("on the sign ↓ said →", *names), rows)
