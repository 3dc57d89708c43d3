"""Proofs: everything that the ML Test Score looks at, read from a home, a release and the application's own files."""

import ast
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path

from afield.audit.notes import code_of
from afield.control.office import Office
from afield.errors import ReleaseError
from afield.home import Home
from afield.records.decision import Entry
from afield.release.bundle import Bundle
from afield.release.registry import releases
from afield.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Tested:
    """A test file of the application: how many tests it holds, and the modules that it imports."""

    file: str
    tests: int
    modules: frozenset[str]


@dataclass(frozen=True)
class Proofs:
    """What there is to go by.

    Attributes:
        office: of the application.
        rehearsal: the folder of rehearsals: demonstrations and drills.
    """

    office: Office
    rehearsal: Path

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The ledger of the application's home."""
        return self.office.ledger.entries(self.office.application.name)

    @cached_property
    def rehearsed(self) -> tuple[Entry, ...]:
        """The ledger of its rehearsals: generated or recorded traffic, played."""
        home = Home.of(self.rehearsal, self.office.application)
        if not home.has_ledger:
            return ()
        return Ledger(home.ledger).entries(self.office.application.name)

    @cached_property
    def bundle(self) -> Bundle | None:
        """The champion's verified bundle, or None."""
        digest = self.office.actions.state.champion
        try:
            return self.office.shelf.bundle(digest) if digest else None
        except ReleaseError:
            return None

    @cached_property
    def card(self) -> str:
        """The champion's card."""
        return self.bundle.read("card.md").decode() if self.bundle else ""

    @cached_property
    def code(self) -> str:
        """Digest of the code as it is."""
        return code_of(self.office)

    @cached_property
    def package(self) -> Path | None:
        """The folder of the application's package."""
        spec = find_spec(self.office.application.package)
        where = list(spec.submodule_search_locations or ()) if spec else []
        return Path(where[0]) if where else None

    @cached_property
    def tests(self) -> tuple[Tested, ...]:
        """The test files beside the package, or in it."""
        folders = [self.package.parent / "tests", self.package / "tests"] if self.package else []
        files = [file for folder in folders if folder.is_dir() for file in sorted(folder.rglob("test_*.py"))]
        return tuple(_read(file) for file in files)

    def noted(self, kind: str) -> list[str]:
        """The newest note of a kind that passed with the code as it is, as evidence; none where there is none."""
        for entry in reversed(self.entries):
            if entry.kind == kind and entry.evidence.get("passed") == 1.0 and entry.evidence.get("code") == self.code:
                return [f"ledger entry {entry.sequence}: {entry.reason} (`{entry.evidence.get('command')}`)"]
        return []

    def old(self, kind: str) -> str:
        """What to add where a note of a kind exists, but failed or is of other code; "" where there is none."""
        found = [entry for entry in self.entries if entry.kind == kind]
        if not found or self.noted(kind):
            return ""
        if not found[-1].evidence.get("passed"):
            return f" (ledger entry {found[-1].sequence} failed: {found[-1].reason})"
        return f" (ledger entry {found[-1].sequence} is of other code)"

    def happened(self, kind: str, stage: str = "") -> list[str]:
        """The newest entry of a kind in the home's own ledger, as evidence."""
        return _told(self.entries, kind, stage, "ledger")

    def rehearsals(self, kind: str, stage: str = "") -> list[str]:
        """The newest entry of a kind in the rehearsals' ledger, as evidence."""
        return _told(self.rehearsed, kind, stage, "rehearsal's ledger")

    def tested(self, modules: Sequence[str]) -> list[str]:
        """The application's own tests of these modules, as evidence."""
        wanted = [each for each in self.tests if each.tests and each.modules & set(modules)]
        if not wanted:
            return []
        files = ", ".join(each.file for each in wanted[:3]) + (", …" if len(wanted) > 3 else "")
        return [f"{sum(each.tests for each in wanted)} tests of {', '.join(modules)}: {files}"]

    @property
    def feature_modules(self) -> tuple[str, ...]:
        """The modules that make the features."""
        features = self.office.plan.features
        compute = features.compute.func if isinstance(features.compute, partial) else features.compute
        own = getattr(compute, "__module__", "")
        # Bound arguments of Afield's own functions are the application's; its modules are declared.
        return tuple(dict.fromkeys((*([own] if own and not own.startswith("afield.") else []), *features.modules)))

    @property
    def not_run(self) -> str:
        """That the application's own tests have not passed with the code as it is."""
        return f"the tests have not passed with this code{self.old('tests')}"

    @cached_property
    def feature_sets(self) -> set[str]:
        """Digests of the feature contracts of the releases that lie here."""
        found = set()
        for digest in releases(self.office.home.bundles):
            with suppress(ReleaseError):
                found.add(self.office.shelf.bundle(digest).manifest.feature_set)
        return found

    def gates(self, *words: str) -> list[str]:
        """The gates that the champion passed, of those whose name holds one of these words; as evidence."""
        rows = [line.strip("| ").split(" | ") for line in self.card.splitlines() if " | passed | " in line]
        found = [row[0] for row in rows if any(word in row[0] for word in words)]
        return [f"gates of release {self.digest}: {', '.join(found)}"] if found else []

    @property
    def digest(self) -> str:
        """The champion, short."""
        return self.bundle.digest[:12] if self.bundle else ""

    def commit(self, *words: str) -> str:
        """The first line that git tells of the package with these words; "" where it is in no repository."""
        if self.package is None:
            return ""
        command = ["git", "-C", str(self.package), "log", "-1", *words, "--", "."]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.strip().split("\n")[0] if done.returncode == 0 else ""


def _told(entries: Sequence[Entry], kind: str, stage: str, where: str) -> list[str]:
    for entry in reversed(entries):
        if entry.kind == kind and (not stage or entry.evidence.get("stage") == stage):
            named = f"{kind} {stage}".strip().replace("_", " ")
            return [f"{where} entry {entry.sequence}: {named}, {entry.reason[:100]}"]
    return []


def _read(file: Path) -> Tested:
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return Tested(file.name, 0, frozenset())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return Tested(file.name, len(functions), frozenset(names))
