"""The bench that a build works on: each step once per content key, in the order that `build` calls them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl

from afield.application import Application
from afield.clock import Clock
from afield.data.sources import Source
from afield.data.split import Split, by_time
from afield.engine.engine import HERE, Engine
from afield.errors import DataError
from afield.evaluation.evaluate import evaluate
from afield.evaluation.gates import judge
from afield.evaluation.slices import of_keys
from afield.features.feature import digest as contract_digest
from afield.records.facts import Window
from afield.records.release import Manifest, Part
from afield.release.signing import Signer
from afield.release.told import Evidence
from afield.serving.inference import Infer, Parts
from afield.serving.model import Model
from afield.serving.static import COMPILED
from afield.store.steps import Steps
from afield.workshop.bundling import Ingredients, make_bundle, place
from afield.workshop.code import code_digest, environment
from afield.workshop.datasets import Datasets
from afield.workshop.describing import data, evidence, reference, spans
from afield.workshop.examining import Candidate, examine
from afield.workshop.examples import open_examples, write_examples
from afield.workshop.explaining import USUAL, usual_rows
from afield.workshop.facts import Facts, Terms, read_facts
from afield.workshop.fitting import Fitted, fit, open_fitted
from afield.workshop.gating import gates_of
from afield.workshop.parents import goes_on, parent_model
from afield.workshop.plan import SEED, Build, Standing
from afield.workshop.questioning import asked, with_slice_columns
from afield.workshop.results import Built, Champion, Scored, Windows
from afield.workshop.scoring import forecasts, rivals
from afield.workshop.searching import remembering
from afield.workshop.standing import open_standing, write_standing

Compiled = Callable[[Build, Path, Window, Parts], bytes | None]


def no_table(_: Build, __: Path, ___: Window, ____: Parts) -> bytes | None:
    """None."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where one application is built.

    Attributes:
        application: what is built.
        infer: its inference.
        bundles: folder of releases.
        steps: outputs of steps by content key.
        signer: signs what is built.
        clock: tells the wall time of the signature.
        sequence: number of the next signed statement.
        champion: the release to hold the candidate against, or None.
        source: read instead of what the command line names, or None.
        source_name: what the facts read from it are called.
        privacy: key of the hashes that stand for people.
        datasets: take what is read, as versions.
        tell: is told what happens.
        engine: makes the examples, stretch by stretch.
        compiled: `(plan, examples, window, parts)` → the release as a table, or None where it has none.
        cases: contested answers that a person confirmed, or None.
        output: the output that they are about.
        model: digest of a model that was trained elsewhere and takes the place of the one chosen; "": of none.
    """

    application: Application
    infer: Infer
    bundles: Path
    steps: Steps
    signer: Signer
    clock: Clock
    sequence: int
    champion: Champion | None
    source: Source | None
    source_name: str
    privacy: bytes
    datasets: Datasets
    tell: Callable[[str], None]
    engine: Engine = HERE
    compiled: Compiled = no_table
    cases: pl.DataFrame | None = None
    output: str = ""
    model: str = ""

    def read(self, plan: Build, data: Path | None) -> Facts:
        """The facts, read and cleaned."""
        source = self.source or plan.source(data)
        name = self.source_name if self.source else str(data or "generated")
        self.tell(f"reading {name if self.source or data else 'generated data'}")
        terms = Terms(plan.tables, plan.contracts, self.privacy, self.datasets.repairs())
        facts = self.datasets.record(read_facts(self.steps, name, source, self._code(), terms))
        self.tell(
            f"read {facts.summary.rows_read:,} rows, {facts.summary.rows_quarantined:,} set aside; "
            f"{'generated' if facts.summary.generated else 'recorded'} data"
        )
        for message in facts.summary.messages:
            self.tell(f"  {message}")
        absent = {name: pl.LazyFrame(schema=dict(table.schema)) for name, table in plan.tables.items()}
        return replace(facts, tables={**absent, **facts.tables})

    def windows(self, plan: Build, facts: Facts, until: datetime | None) -> Windows:
        """The stretches to train and test on, up to `until`.

        Raises:
            DataError: there is too little before `until`.
        """
        start, end = plan.period(facts.tables)
        end = end if until is None else min(end, until)
        end -= (end - datetime.min) % plan.slot
        if end <= start:
            raise DataError(f"the data begin at {start}; there is nothing before {until}; give a later --until")
        whole = Window(start, end)
        found: Split = by_time(plan.validation, plan.test, gap=plan.slot)(whole)
        return Windows(found.training, found.validation, found.test, whole)

    def examples(self, plan: Build, facts: Facts, windows: Windows) -> Path:
        """The folder of examples: features and truth of every row up to the end."""

        def make(folder: Path) -> None:
            self.tell(f"making examples from {windows.whole.start} to {windows.whole.end}")
            write_examples(folder, plan.features, plan.spine, plan.labels, facts.tables, windows.whole, self.engine)

        return self.steps.run("examples", self._inputs(plan, facts, windows), make)

    def standing(self, plan: Build) -> Standing:
        """What goes into every release, whatever the data."""
        inputs = {"code": self._code(), "environment": repr(sorted(environment(self.application.package).items()))}
        return open_standing(self.steps.run("standing", inputs, lambda folder: write_standing(folder, plan.standing())))

    def fit(self, plan: Build, facts: Facts, examples: Path, windows: Windows) -> Fitted:
        """The recipes fitted, the best chosen, and the chosen one fitted again on everything."""
        goes = goes_on(plan.recipes)
        parent = self._held_against(plan, facts, windows)[0] if goes else ""
        inputs = self._inputs(plan, facts, windows) | ({"parent": parent} if goes else {})

        def make(folder: Path) -> None:
            fit(
                folder,
                plan,
                examples,
                windows,
                facts.tables,
                SEED,
                self.tell,
                self.standing(plan).parts,
                parent_model(self.bundles, parent, plan.part),
                remembering(self.steps, inputs),
            )

        return open_fitted(self.steps.run("fit", inputs, make))

    def score(self, plan: Build, facts: Facts, fitted: Fitted, examples: Path, windows: Windows) -> Scored:
        """What the chosen recipe, fitted without the test window, achieves there."""
        held_against, parts = self._held_against(plan, facts, windows)
        against = {"champion": parts} if parts else {}

        def make(folder: Path) -> None:
            rows = open_examples(examples, plan.features.origin, windows.test)
            frame = forecasts(
                plan, rows, self.infer, {plan.part: fitted.tested, **against}, fitted.rival, fitted.beside
            )
            tested = fitted.tested
            found = evaluate(
                with_slice_columns(plan, frame, rows),
                measured=plan.measures(frame, tested, self.standing(plan).files),
                baselines=tuple(rivals(plan, frame, fitted.beside)),
                slices=[of_keys(name, keys) for name, keys in fitted.slices.items()],
                dispersion=tested[plan.part].constants.get("dispersion"),
                seed=SEED,
                block=plan.block,
                top=plan.assessment.top,
                questions=asked(plan, examples, windows, self.infer, tested),
            )
            examined, said = examine(self._candidate(plan, facts, tested, examples, windows), frame)
            verdicts = (*judge(gates_of(plan, fitted.simplest), found), *said)
            scored = Scored(found, verdicts, examination=examined)
            (folder / "scored.json").write_bytes(msgspec.json.encode(scored))
            reference(plan, rows, frame).write_ipc(folder / "reference.arrow", compression="zstd")
            if plan.assessment.groups:
                (folder / USUAL).write_bytes(usual_rows(plan, rows))

        inputs = self._inputs(plan, facts, windows) | self._contested() | {"champion": held_against}
        folder = self.steps.run("score", inputs, make)
        found = msgspec.json.decode((folder / "scored.json").read_bytes(), type=Scored)
        usual = str(folder / USUAL) if plan.assessment.groups else ""
        return msgspec.structs.replace(found, reference=str(folder / "reference.arrow"), usual=usual)

    def release(self, plan: Build, facts: Facts, windows: Windows, fitted: Fitted, scored: Scored) -> Built:
        """The signed bundle of what was fitted on everything, with its card and golden rows."""

        def make(folder: Path) -> None:
            usual = {USUAL: Path(scored.usual).read_bytes()} if scored.usual else {}
            parts = {name: Model(part, onnx) for name, (part, onnx) in fitted.final.items()}
            table = self.compiled(plan, self.examples(plan, facts, windows), windows.whole, parts)
            made = Ingredients(
                parts=fitted.final,
                tables={**fitted.tables, "reference": pl.read_ipc(scored.reference)},
                files={**self.standing(plan).files, **usual, **({COMPILED: table} if table else {})},
                evidence=self._evidence(plan, facts, scored),
                manifest=lambda parts: self._manifest(plan, facts, windows, scored, parts),
                history=facts.tables,
            )
            tick = windows.whole.end - plan.slot
            make_bundle(folder, plan, self.infer, made, tick, self.signer)

        inputs = (
            self._inputs(plan, facts, windows)
            | self._contested()
            | {
                "champion": self._held_against(plan, facts, windows)[0],
                "signer": self.signer.id,
                "data": repr(sorted(data(facts).items())),
            }
        )
        digest = place(self.steps.run("release", inputs, make), self.bundles, self.signer)
        return Built(digest, scored.evaluation, scored.verdicts, facts, windows, fitted.notes, fitted.material)

    def _evidence(self, plan: Build, facts: Facts, scored: Scored) -> Evidence:
        """What the card says, in the application's words, with the name under which it is loaded again."""
        own = self.application
        return replace(evidence(plan, facts, scored, own.words, own.requirements), called=own.called)

    def _candidate(self, plan: Build, facts: Facts, parts: Parts, examples: Path, windows: Windows) -> Candidate:
        """What was fitted without the test window, to be examined on it."""
        return Candidate(
            plan=plan,
            examples=examples,
            test=windows.test,
            infer=self.infer,
            parts=parts,
            history=facts.tables,
            seed=SEED,
            cases=self.cases,
            output=self.output,
        )

    def _code(self) -> str:
        return code_digest(self.application.package)

    def _contested(self) -> dict[str, str]:
        """What a step that judges depends on besides; nothing where nobody contested anything."""
        return {} if self.cases is None or self.cases.is_empty() else {"cases": repr(self.cases.rows())}

    def _inputs(self, plan: Build, facts: Facts, windows: Windows) -> dict[str, str]:
        return {
            "facts": facts.summary.fingerprint,
            "code": self._code(),
            "options": repr(sorted(self.application.options.items())),
            "windows": repr(windows),
            "contract": contract_digest(plan.features),
            "seed": str(SEED),
            **({"model": self.model} if self.model else {}),
        }

    def _held_against(self, plan: Build, facts: Facts, windows: Windows) -> tuple[str, Parts]:
        """Digest and parts of the champion; where it came of these very inputs, its own predecessor's digest.

        Otherwise a build in which nothing changed would differ from the one before by what it is held against. A model
        from elsewhere is held against any champion.
        """
        champion = self.champion
        if champion is None:
            return "", {}
        if self.model:
            return champion.digest, champion.parts
        made = champion.manifest
        same = (made.options, made.code, made.data, made.windows, made.feature_set, made.seed) == (
            dict(self.application.options),
            self._code(),
            data(facts),
            spans(windows),
            contract_digest(plan.features),
            SEED,
        )
        return (made.parent, {}) if same else (champion.digest, champion.parts)

    def _manifest(
        self, plan: Build, facts: Facts, windows: Windows, scored: Scored, parts: tuple[Part, ...]
    ) -> Manifest:
        model = scored.evaluation.model
        return Manifest(
            application=self.application.name,
            options=dict(self.application.options),
            created=self.clock.recorded(),
            sequence=self.sequence,
            parts=parts,
            files=(),
            feature_set=contract_digest(plan.features),
            code=self._code(),
            data=data(facts),
            windows=spans(windows),
            seed=SEED,
            environment=environment(self.application.package),
            evaluation={**model.numbers(), **model.numbers(plan.metrics)},
            parent=self._held_against(plan, facts, windows)[0],
        )
