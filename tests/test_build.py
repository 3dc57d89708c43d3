"""The build loop on a village: done once, gone on with after an interruption, blind for what comes later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from afield.build import build
from afield.control.office import Office
from afield.data.sources import Extract
from afield.errors import DataError
from afield.evaluation.gates import BeatsBaseline
from afield.store.steps import Steps
from afield.workshop import bench as benches
from afield.workshop.results import Built
from tests.workshop.village import CITY, START, UNTIL, WEEK, office

ALL = ["facts", "examples", "fit", "score", "release"]


class InterruptedAt(BaseException):  # as an interrupt, it is nobody's to catch
    """The step that would have been made."""


@dataclass
class Raised:
    """A village with one release, whose first build was interrupted while it fitted."""

    office: Office
    built: Built
    steps: list[tuple[str, bool]]
    left_behind: list[str]


def reporting(opened: Office, report: Callable[[str, bool], None]) -> benches.Bench:
    return replace(opened.bench(), steps=Steps(opened.home.steps, report))


def turn(opened: Office, until: datetime = UNTIL) -> tuple[Built, list[tuple[str, bool]]]:
    """One build, and which steps were made afresh."""
    steps: list[tuple[str, bool]] = []
    bench = reporting(opened, lambda name, fresh: steps.append((name, fresh)))
    return build(opened.plan, bench, None, until), steps


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Raised:
    opened = office(tmp_path_factory.mktemp("raised"))

    def half_made(folder: Path, *_: object) -> None:
        (folder / "fit.json").write_text("{")
        raise InterruptedAt("fit")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benches, "fit", half_made)
        with pytest.raises(InterruptedAt):
            turn(opened)
    left_behind = [str(path) for path in opened.home.root.rglob("*") if path.name.endswith((".partial", "fit.json"))]
    left_behind += [str(path) for path in opened.home.bundles.glob("*")]
    built, steps = turn(opened)
    opened.register(built, promote=True)
    return Raised(opened, built, steps, left_behind)


def next_step(opened: Office, **changed: object) -> str:
    """The first step that a build would make afresh; "" where it makes none."""

    class Halting(Steps):
        def run(self, name: str, inputs: Mapping[str, str], _make: Callable[[Path], None]) -> Path:
            def halt(_: Path) -> None:
                raise InterruptedAt(name)

            return super().run(name, inputs, halt)

    bench = replace(opened.bench(), steps=Halting(opened.home.steps), **changed)
    try:
        build(opened.plan, bench, None, UNTIL)
    except InterruptedAt as step:
        return str(step)
    return ""


def test_an_interrupted_build_leaves_nothing_half_made_and_the_next_goes_on(village: Raised) -> None:
    assert village.left_behind == []
    done = [step for step in village.steps if step != ("standing", False)]
    assert done == [("facts", False), ("examples", False), ("fit", True), ("score", True), ("release", True)]
    assert village.office.shelf.bundle(village.built.release).manifest.application == "surge"


def test_a_release_says_what_it_was_made_of_and_reproduces_its_golden_rows(village: Raised) -> None:
    manifest = village.office.shelf.bundle(village.built.release).manifest
    assert manifest.windows["whole"] == (START, UNTIL)
    assert manifest.windows["test"] == (UNTIL - WEEK, UNTIL)
    assert [part.name for part in manifest.parts] == ["forecast", "capacity", "rival"]
    facts = village.built.facts
    assert manifest.data == {"facts": facts.summary.fingerprint, **facts.versions}
    assert set(facts.versions) == set(village.office.plan.tables)
    assert village.office.shelf.release(village.built.release).digest == village.built.release


def test_a_candidate_is_judged_on_learned_rows_beside_unseen_ones_and_its_intervals_in_time(village: Raised) -> None:
    found = village.built.evaluation
    assert found.learned is not None
    assert found.learned.end < village.built.windows.validation.start
    assert {each.metric for each in found.learned.gaps} >= {"rmse", "bias"}
    assert found.predictive is not None
    assert found.predictive.kind == "distribution"
    assert found.predictive.level == 0.9
    assert found.discovery is not None
    assert found.discovery.columns == ("zone", "hour_of_day", "holiday", "precipitation", "event")


def test_an_unchanged_build_does_no_step_again_and_gives_the_same_release(village: Raised) -> None:
    built, steps = turn(village.office)
    assert steps == [(name, False) for name in ALL]
    assert built.release == village.built.release
    assert built.evaluation == village.built.evaluation
    rows = len(village.office.ledger.entries("surge"))
    village.office.register(built, promote=True)
    assert len(village.office.ledger.entries("surge")) == rows, "what changed nothing leaves no trace"


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        ({}, ""),
        ({"source": replace(CITY, seed=8)}, "facts"),
        ({"source": CITY, "source_name": "another name"}, "facts"),
    ],
)
def test_other_data_is_read_again(village: Raised, changed: dict[str, object], first: str) -> None:
    assert next_step(village.office, **changed) == first


def test_another_option_makes_everything_after_the_facts_again(village: Raised) -> None:
    application = village.office.application
    other = replace(application, options={**application.options, "effort": "quick"})
    assert next_step(village.office, application=other) == "examples"


def test_a_changed_line_of_code_makes_everything_again(village: Raised, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benches, "code_digest", lambda _: "changed")
    assert next_step(village.office) == "facts"


def test_another_champion_is_compared_with_and_nothing_is_fitted_for_it(village: Raised) -> None:
    bench = village.office.bench()
    assert bench.champion is not None
    other = replace(
        bench.champion, digest="f" * 64, manifest=village.office.shelf.bundle(village.built.release).manifest
    )
    assert next_step(village.office, champion=other) == "", "one that came of the same inputs is no rival"
    changed = msgspec.structs.replace(other.manifest, code="older")
    assert next_step(village.office, champion=replace(other, manifest=changed)) == "score"


def test_a_bundle_that_is_gone_comes_back_unchanged(village: Raised, tmp_path: Path) -> None:
    bench = replace(village.office.bench(), bundles=tmp_path)
    assert build(village.office.plan, bench, None, UNTIL).release == village.built.release
    assert (tmp_path / village.built.release / "card.md").is_file()


def test_the_facts_of_a_build_become_history_up_to_its_end(village: Raised) -> None:
    orders = village.office.tables.scan("orders").select(pl.col("known_at").max(), pl.len()).collect()
    assert orders["known_at"][0] < UNTIL
    covered = village.office.tables.scan("coverage").collect()
    assert covered.select("start", "end").rows() == [(START, UNTIL)]


def test_a_build_with_too_little_before_its_end_is_told(village: Raised) -> None:
    with pytest.raises(DataError, match="give a later --until"):
        turn(village.office, START)


def test_a_build_whose_training_window_is_hardly_longer_than_the_lookback_is_refused(village: Raised) -> None:
    with pytest.raises(DataError, match=r"the training window, 2024-01-01 .* is too short: features look back 35 days"):
        turn(village.office, START + timedelta(days=35 + 14 + 1))


def test_failed_gates_are_noted_and_the_champion_stays(village: Raised) -> None:
    opened = office(village.office.home.root)
    strict = replace(opened.plan, gates=(BeatsBaseline("one_week_back", ratio=0.01),))
    (opened.home.root / "strict").mkdir()
    # The gates are code: what was scored under other gates does not count.
    bench = replace(opened.bench(), steps=Overlaid(opened.home.root / "strict", opened.home.steps))
    built = build(strict, bench, None, UNTIL)
    assert not built.passed
    opened.register(built, promote=True)
    assert opened.actions.state.champion == village.built.release
    last = opened.ledger.entries("surge")[-1]
    assert (last.kind, last.subject) == ("rejected", built.release)
    assert "one_week_back" in last.reason


class Overlaid(Steps):
    """Takes facts, examples and fits from another folder, and makes the rest in its own."""

    def __init__(self, folder: Path, below: Path) -> None:
        super().__init__(folder)
        self._below = Steps(below)

    def run(self, name: str, inputs: Mapping[str, str], make: Callable[[Path], None]) -> Path:
        steps = self._below if name in ("facts", "examples", "fit") else super()
        return steps.run(name, inputs, make)


@dataclass(frozen=True)
class Cut:
    """The city as it was known before a moment."""

    until: datetime

    def read(self) -> Extract:
        extract = CITY.read()
        known = {
            name: table.filter(pl.col("known_at") < self.until) if "known_at" in table.collect_schema() else table
            for name, table in extract.tables.items()
        }
        stretches = known["coverage"].with_columns(pl.col("end").clip(upper_bound=self.until))
        rows = int(known["orders"].select(pl.len()).collect().item())
        return replace(extract, tables={**known, "coverage": stretches}, rows_read=rows)

    def fingerprint(self) -> str:
        return f"cut at {self.until}"


@pytest.mark.slow
def test_what_became_known_after_the_end_changes_no_byte_of_the_models(village: Raised, tmp_path: Path) -> None:
    opened = office(tmp_path)
    bench = replace(opened.bench(), source=Cut(UNTIL), source_name="cut")
    built = build(opened.plan, bench, None, None)
    one, other = (
        {file.name: file.digest for file in each.shelf.bundle(release).manifest.files}
        for each, release in ((village.office, village.built.release), (opened, built.release))
    )
    models = [name for name in one if name.endswith((".onnx", ".arrow"))]
    assert len(models) >= 5
    assert {name: one[name] for name in models} == {name: other[name] for name in models}
    assert one["golden.json"] == other["golden.json"]
    assert built.evaluation.model.numbers() == pytest.approx(village.built.evaluation.model.numbers())
