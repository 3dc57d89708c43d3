"""Everything of one application opened: its halves, its home, its ledger, its bench."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from afield.application import Application, Operate
from afield.clock import Clock, WallClock
from afield.control.actions import AFIELD, Actions, Journal
from afield.control.shelf import Shelf
from afield.data.sources import Source
from afield.errors import DataError, ReleaseError
from afield.home import Home
from afield.labelling.contests import CASES, cases
from afield.release.signing import Signer, Statement, sign_statement
from afield.store.ledger import Ledger
from afield.store.secret import secret
from afield.store.steps import Steps
from afield.store.tables import Tables
from afield.workshop.bench import Bench
from afield.workshop.code import code_digest
from afield.workshop.datasets import Datasets
from afield.workshop.facts import Facts
from afield.workshop.golden import computing
from afield.workshop.plan import Build
from afield.workshop.production import PRODUCTION, Production
from afield.workshop.results import Built, Champion
from afield.workshop.rows import compiled_at_once


@dataclass(frozen=True)
class Office:
    """One application, opened.

    Attributes:
        application: what it is.
        home: where its state lies.
        plan: how it is built.
        operate: how it operates.
        clock: of the place.
        tell: is told what happens.
    """

    application: Application
    home: Home
    plan: Build
    operate: Operate
    clock: Clock
    tell: Callable[[str], None]

    @cached_property
    def ledger(self) -> Ledger:
        """The journal of decisions."""
        return Ledger(self.home.ledger)

    @cached_property
    def tables(self) -> Tables:
        """The Delta tables."""
        return Tables(self.home.store)

    @cached_property
    def datasets(self) -> Datasets:
        """What builds read, version by version."""
        return Datasets(self.home.datasets, self.tables, self.plan.tables, self.clock)

    @cached_property
    def actions(self) -> Actions:
        """What Afield does here."""
        return Actions(self.ledger, self.application.name, self.clock, sign=self._order)

    @cached_property
    def shelf(self) -> Shelf:
        """The releases, verified as they are opened."""
        compute = computing(self.plan.features, self.plan.tables, self.plan.key_type)
        return Shelf(self.home.bundles, self.home.trusted, self.operate, compute, self.application.name)

    def newest(self) -> datetime:
        """When the newest fact that clients or a build brought happened.

        Raises:
            DataError: there is none.
        """
        for name, each in self.plan.tables.items():
            if each.identity and each.time and self.tables.exists(name):
                found = self.tables.scan(name).select(pl.col(each.time).max()).collect().item()
                if isinstance(found, datetime):
                    return found
        raise DataError(f"{self.home.folder}: no facts have been kept yet; run: afield build {self.application.called}")

    def busiest(self) -> str:
        """The first key of the champion's slices: one about which there is something to say."""
        slices = pl.read_ipc(self.shelf.bundle(self.actions.state.champion).read("tables/slices.arrow"))
        return str(slices["key"][0]) if slices.height else ""

    def led(self, journal: Journal) -> Actions:
        """What the controller does here, whose word the journal takes while it leads."""
        return Actions(journal, self.application.name, self.clock, sign=self._order)

    def by(self, actor: str) -> Actions:
        """What a person does here."""
        return Actions(self.ledger, self.application.name, self.clock, actor, self._order)

    def bench(self, *, production: bool = False, source: Source | None = None, name: str = PRODUCTION) -> Bench:
        """The bench that builds: from what the command line names, from production, or from a named source."""
        signer = Signer(self.home.key)
        signer.publish(self.home.trusted)
        if production:
            source = Production(self.tables, self.plan.tables)
        return Bench(
            application=self.application,
            infer=self.operate.infer,
            bundles=self.home.bundles,
            steps=Steps(self.home.steps, self._told),
            signer=signer,
            clock=self.clock,
            champion=self._champion(),
            sequence=self._sequence(),
            source=source,
            source_name=name,
            privacy=secret(self.home.privacy),
            datasets=self.datasets,
            tell=self.tell,
            cases=cases(self.tables.scan(CASES)) if self.tables.exists(CASES) else None,
            output=self.operate.output,
            compiled=partial(compiled_at_once, self.application.name, self.operate),
        )

    def _told(self, step: str, fresh: bool) -> None:
        if not fresh:
            self.tell(f"{step}: unchanged")

    def unproven(self) -> str:
        """Why the drills do not speak for the code that runs, and what to do; "" where they do, or need not.

        What counts is the newest run of all drills that the ledger holds: a note of kind `drill`.
        """
        if not self.operate.rollout.drilled:
            return ""
        what_next = f"run: afield drill {self.application.called}"
        runs = self.ledger.entries(self.application.name, ("drill",))
        if not runs:
            return f"no drills were run; {what_next}"
        last = runs[-1]
        if not last.evidence.get("passed"):
            return f"drills did not pass ({last.reason}); mend that, then {what_next}"
        if last.evidence.get("code") != code_digest(self.application.package):
            return f"the code has changed since the drills passed; {what_next}"
        return ""

    def register(self, built: Built, *, promote: bool, reason: str = "built by hand", actor: str = AFIELD) -> None:
        """Keep the facts of a build as history, and note in the ledger what it gave and who built it.

        A release that passed its gates becomes the champion where `promote` says so; one that did not is noted as
        rejected. Where a candidate of somebody else climbs or is in probation, or a promotion needs approvals or drills
        that have not passed, it is offered to the ladder instead, and overwrites nothing. A build that changed nothing
        leaves no trace.
        """
        actions = self.by(actor)
        state, end = actions.state, built.windows.whole.end
        if built.release == state.champion:
            self.tell(f"release {built.release[:12]} is the champion already; nothing has changed")
            return
        if built.facts.summary.name != PRODUCTION:
            self._keep(built.facts, end)
        evidence: dict[str, float | str] = {**built.evaluation.model.numbers(), "data": built.facts.summary.fingerprint}
        if built.material:
            evidence["material"] = built.material
        known = self.ledger.entries(self.application.name, ("build",), built.release)
        if not known:
            actions.built(built.release, f"{reason}; from {built.facts.summary.name}", end, evidence)
        if not built.passed:
            actions.reject(built.release, f"gates failed: {built.failed}", end, evidence)
        elif promote and state.champion and (why := self._waits(state.stage)):
            actions.offer(built.release, f"{reason}; gates passed", end)
            self.tell(f"release {built.release[:12]} waits for the ladder: {why}")
        elif promote:
            actions.promote(built.release, f"{reason}; gates passed", end, evidence)
        self.actions.refresh()

    def _waits(self, stage: str) -> str:
        """Why a build does not replace a champion by itself, or ""."""
        if stage != "idle":
            return "another candidate climbs, or is in probation"
        return "approvals are needed" if self.operate.rollout.approvals else self.unproven()

    def _keep(self, facts: Facts, end: datetime) -> None:
        """Add the facts known before `end` to the tables of history, once for each content and end."""
        writer = f"build-{facts.summary.fingerprint[:24]}-{end:%Y%m%dT%H%M}"
        for name, rows in self.plan.known(facts.tables, end).items():
            if name in self.plan.tables and self.tables.transaction(name, writer) is None:
                self.tables.append(name, rows.collect(), writer=writer, transaction=1)

    def _champion(self) -> Champion | None:
        """The champion as a rival of what is built; None where there is none, or this code cannot reproduce it."""
        digest = self.actions.state.champion
        if not digest:
            return None
        try:
            return Champion(digest, self.shelf.release(digest).parts, self.shelf.bundle(digest).manifest)
        except ReleaseError as error:
            self.tell(f"the champion is not compared with: {error}")
            return None

    def _sequence(self) -> int:
        """One more than any release or order signed here before: each of them left a row of the ledger."""
        self.actions.refresh()
        return self.actions.state.sequence + 1

    def _order(self, release: str, sequence: int, reason: str) -> str:
        """The signed order to go (back) to a release; "" where the signing key is kept elsewhere."""
        if not self.home.key.exists():
            self.tell(f"no order is signed: {self.home.key} is not here; devices that saw newer releases keep them")
            return ""
        statement = Statement("rollback", self.application.name, release, sequence, self.clock.recorded(), reason)
        return sign_statement(statement, Signer(self.home.key)).decode()


def open_office(application: Application, root: Path, tell: Callable[[str], None]) -> Office:
    """Everything of `application` under the folder `root`.

    Raises:
        UsageError: a half of the application cannot be loaded.
    """
    return Office(
        application=application,
        home=Home.of(root, application),
        plan=application.part(application.build, Build),
        operate=application.part(application.operate, Operate),
        clock=WallClock(ZoneInfo(application.zone)),
        tell=tell,
    )
