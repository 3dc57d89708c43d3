"""Where everything of one application lies, under one folder."""

from dataclasses import dataclass
from pathlib import Path

from afield.application import Application
from afield.store.naming import named_ledger


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one application with its options, e.g. `.afield/surge-60m`.

    Attributes:
        root: `AFIELD_HOME`, which also holds the keys (outside every store).
        name: the application's name and option values, joined by `-`.
    """

    root: Path
    name: str

    @classmethod
    def of(cls, root: Path, application: Application) -> "Home":
        """The home of `application` under `root`."""
        return cls(root.absolute(), "-".join((application.name, *application.identity())))

    @property
    def folder(self) -> Path:
        """The application's own folder."""
        return self.root / self.name

    @property
    def bundles(self) -> Path:
        """Release directories, named by digest."""
        return self.folder / "bundles"

    @property
    def tables(self) -> Path:
        """The folder of Delta tables, where `store` names no other place."""
        return self.folder / "tables"

    @property
    def datasets(self) -> Path:
        """Delta tables of what builds read, each version whole."""
        return self.folder / "datasets"

    @property
    def store(self) -> Path | str:
        """Where the Delta tables lie: below the address in the file `tables.url` of the root, else in `tables`."""
        named = self.root / "tables.url"
        if not named.exists():
            return self.tables
        address, mark, options = named.read_text("utf-8").strip().partition("?")
        return f"{address.rstrip('/')}/{self.name}{mark}{options}"

    @property
    def ledger_file(self) -> Path:
        """The file of the ledger, where the root names no other."""
        return self.folder / "ledger.db"

    @property
    def ledger(self) -> str:
        """URL of the ledger: the one that the root was told to keep (AFIELD_LEDGER), else a file."""
        return named_ledger(self.root) or f"sqlite:///{self.ledger_file}"

    @property
    def has_ledger(self) -> bool:
        """Whether anything may have been decided here."""
        return bool(named_ledger(self.root)) or self.ledger_file.exists()

    @property
    def snapshots(self) -> Path:
        """What the supervisor publishes and workers follow."""
        return self.folder / "snapshots"

    @property
    def heartbeat(self) -> Path:
        """File that the supervisor touches while it lives."""
        return self.folder / "supervisor.alive"

    @property
    def facts(self) -> Path:
        """Spool of the facts and outcomes that clients sent."""
        return self.folder / "spool" / "facts"

    @property
    def telemetry(self) -> Path:
        """Spool of recorded events."""
        return self.folder / "spool" / "telemetry"

    @property
    def joined(self) -> Path:
        """Where services that joined keep spools of their own, each `facts` and `telemetry` in a folder of its name."""
        return self.folder / "spool" / "joined"

    @property
    def steps(self) -> Path:
        """Outputs of build steps by content key."""
        return self.root / "steps"

    @property
    def privacy(self) -> Path:
        """Key of the hashes that stand for people; services read it."""
        return self.root / "privacy.key"

    @property
    def tokens(self) -> Path:
        """Digests of the tokens with which clients call the application's service."""
        return self.folder / "tokens.json"

    @property
    def receiver(self) -> Path:
        """Who is told of alerts, as the operator declared it."""
        return self.folder / "receiver.json"

    @property
    def key(self) -> Path:
        """Private signing key: read by build and release, never by a service."""
        return self.root / "keys" / "signing.key"

    @property
    def trusted(self) -> Path:
        """Public keys that services trust."""
        return self.root / "trusted"
