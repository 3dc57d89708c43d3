"""The lease: which one controller leads an application, granted by the ledger's database, by its own clock.

Source of the fencing token: Kleppmann, "How to do distributed locking" (2016): a holder that was paused and comes back
is told by a number that only grows, not by its clock.
"""

from dataclasses import dataclass

from sqlalchemy import Column, Connection, Exists, Float, Integer, MetaData, String, Table, inspect, select, text
from sqlalchemy.schema import CreateTable

from afield.errors import LeaseError
from afield.store.database import Database

_LEASES = Table(
    "afield_leases",
    MetaData(),
    Column("application", String(200), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("place", String(200), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("expires", Float(53), nullable=False),
)
_NOW = {
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS double precision)",
}


@dataclass(frozen=True, slots=True)
class Lease:
    """Who leads.

    Attributes:
        application: what is led.
        holder: who leads it, for people.
        place: where the holder runs, for those who can tell there whether it lives.
        fence: grows by one with each new holder; the ledger takes a leader's rows only under the newest.
        remaining: seconds until it ends if it is not renewed, when it was read; by the database's clock.
    """

    application: str
    holder: str
    place: str
    fence: int
    remaining: float


class Leases:
    """The leases of a ledger; at most one controller holds that of an application."""

    def __init__(self, database: Database) -> None:
        """Keep leases in `database`; their table is made where it is missing.

        Raises:
            StoreError: the database cannot be used.
        """
        self._database = database
        self._now = _NOW[database.kind]
        with database.explained(), database.engine.begin() as connection:
            if not inspect(connection).has_table(_LEASES.name):
                database.alone(connection)
                connection.execute(CreateTable(_LEASES, if_not_exists=True))

    def acquire(self, application: str, holder: str, place: str, seconds: float) -> Lease | None:
        """The lease, where nobody holds it or the last holder let it end; None where somebody holds it.

        Raises:
            StoreError: the database cannot be used.
        """
        return self._one(
            "INSERT INTO afield_leases (application, holder, place, fence, expires) "
            "VALUES (:application, :holder, :place, 1, {now} + :seconds) "
            "ON CONFLICT (application) DO UPDATE SET holder = excluded.holder, place = excluded.place, "
            "fence = afield_leases.fence + 1, expires = excluded.expires WHERE afield_leases.expires <= {now} ",
            application=application, holder=holder, place=place, seconds=seconds,
        )  # fmt: skip

    def succeed(self, dead: Lease, holder: str, place: str, seconds: float) -> Lease | None:
        """The lease of a holder that is known to be dead, before it ends; None where somebody else was faster.

        Raises:
            StoreError: the database cannot be used.
        """
        return self._one(
            "UPDATE afield_leases SET holder = :holder, place = :place, fence = fence + 1, expires = {now} + :seconds "
            "WHERE application = :application AND fence = :fence ",
            application=dead.application, fence=dead.fence, holder=holder, place=place, seconds=seconds,
        )  # fmt: skip

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """The lease for `seconds` from now; also where it ended and nobody took it in between.

        Raises:
            LeaseError: somebody else leads now.
            StoreError: the database cannot be used.
        """
        renewed = self._one(
            "UPDATE afield_leases SET expires = {now} + :seconds WHERE application = :application AND fence = :fence ",
            application=lease.application, fence=lease.fence, seconds=seconds,
        )  # fmt: skip
        if renewed is None:
            raise lost(lease)
        return renewed

    def release(self, lease: Lease) -> None:
        """Let the lease end now, so that the next need not wait; nothing where somebody else holds it by now.

        Raises:
            StoreError: the database cannot be used.
        """
        self._one(
            "UPDATE afield_leases SET expires = {now} WHERE application = :application AND fence = :fence ",
            application=lease.application, fence=lease.fence,
        )  # fmt: skip

    def held(self, application: str) -> Lease | None:
        """The newest lease of an application, ended or not; None before the first.

        Raises:
            StoreError: the database cannot be used.
        """
        with self._database.explained(), self._database.engine.connect() as connection:
            return self._found(
                connection, f"{self._selected} WHERE application = :application", application=application
            )

    @property
    def _selected(self) -> str:
        return f"SELECT application, holder, place, fence, expires - {self._now} AS remaining FROM afield_leases"  # noqa: S608

    def _one(self, statement: str, **values: str | float) -> Lease | None:
        """The lease that a statement gave or changed; None where it changed nothing."""
        returning = "RETURNING application, holder, place, fence, expires - {now} AS remaining"
        with self._database.explained(), self._database.engine.begin() as connection:
            return self._found(connection, (statement + returning).format(now=self._now), **values)

    def _found(self, connection: Connection, statement: str, **values: str | float) -> Lease | None:
        row = connection.execute(text(statement), values).mappings().one_or_none()
        return None if row is None else Lease(**row)


def still_held(lease: Lease) -> Exists:
    """The condition that nobody else has taken a lease; PostgreSQL lets nobody take it until the statement is done."""
    held = select(_LEASES.c.fence).where(_LEASES.c.application == lease.application, _LEASES.c.fence == lease.fence)
    return held.with_for_update(read=True).exists()


def lost(lease: Lease) -> LeaseError:
    """That somebody else leads by now."""
    return LeaseError(
        f"{lease.holder} no longer leads {lease.application}: another controller does; nothing was appended. "
        "It waits, and takes over when that one ends"
    )
