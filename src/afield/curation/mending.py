"""Repairs kept, and the data that they are about read again with them into a new version."""

from collections.abc import Sequence
from pathlib import Path

from afield.control.office import Office
from afield.data.repair import Repair
from afield.data.sources import Source
from afield.errors import UsageError
from afield.store.secret import secret
from afield.store.steps import Steps
from afield.workshop.code import code_digest
from afield.workshop.datasets import Reading
from afield.workshop.facts import Facts, Mendable, Terms, read_facts
from afield.workshop.production import PRODUCTION, Production

GENERATED = "generated"


def newest(office: Office) -> Reading:
    """The last reading of data.

    Raises:
        UsageError: nothing has been read yet.
    """
    readings = office.datasets.readings()
    if not readings:
        raise UsageError(f"nothing has been read yet; build first: afield build {office.application.name}")
    return readings[-1]


def mend(office: Office, reading: Reading, repairs: Sequence[Repair]) -> Facts:
    """Keep repairs of rows that a reading set aside, and read its data again with them; the facts with their versions.

    Raises:
        UsageError: the data are gone, or their source takes no repairs.
        DataError: a repair is not of its column's type; nothing is kept.
        ContractError: a table as a whole breaks its contract; nothing is kept.
    """
    source = source_of(office, reading)
    if any(each.stage == "cleaning" for each in repairs) and not isinstance(source, Mendable):
        raise UsageError(f"{reading.summary.name}: this source sets rows aside and takes no repairs; correct its files")
    merged = {each.id: each for each in (*office.datasets.repairs(), *repairs)}
    plan = office.plan
    terms = Terms(plan.tables, plan.contracts, secret(office.home.privacy), tuple(merged.values()))
    code = code_digest(office.application.package)
    facts = read_facts(Steps(office.home.steps), reading.summary.name, source, code, terms)
    office.datasets.repair(repairs)
    return office.datasets.record(facts)


def source_of(office: Office, reading: Reading) -> Source:
    """The source that a reading read.

    Raises:
        UsageError: its file or folder is gone.
    """
    name = reading.summary.name
    if name == PRODUCTION:
        return Production(office.tables, office.plan.tables)
    if name == GENERATED:
        return office.plan.source(None)
    if not Path(name).exists():
        raise UsageError(f"{name}: what was read is not there any more; put it back, or build from other data first")
    return office.plan.source(Path(name))
