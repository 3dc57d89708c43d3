from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield.errors import ContradictionError, ReleaseError, RequestError, UsageError
from afield.records.table import Column, Table
from afield.records.traffic import Event
from afield.serving.static import Lookup
from tests.workshop.tables import END, HOUR, MONDAY, asking, compiled, host, table


@pytest.fixture(scope="module")
def made() -> Table:
    return table()


def test_the_table_comes_back_from_its_file_as_it_was(made: Table) -> None:
    assert Lookup.opened(msgspec.json.encode(made)).table == made


def test_a_column_that_does_not_fit_is_refused(made: Table) -> None:
    for codes in (b"", b"\x00", b"\xff" * len(made.outputs["forecast"].codes)):
        broken = msgspec.structs.replace(made, outputs={"forecast": Column((1.0,), codes)})
        with pytest.raises(ReleaseError, match="do not fit"):
            Lookup(broken)


def test_a_table_of_a_newer_schema_is_refused(made: Table) -> None:
    raw = msgspec.json.encode(msgspec.structs.replace(made, schema=99))
    with pytest.raises(ReleaseError, match="newer"):
        Lookup.opened(raw)


def test_a_host_answers_from_the_table_through_guards_and_decision(tmp_path: Path, made: Table) -> None:
    events: list[Event] = []
    answer = host(compiled(tmp_path, made), events).ask(asking("north", END + 10 * HOUR, extra=2.0))
    assert answer.output == {"forecast": 8.25, "bake": 11.0}
    assert answer.interval == (5.25, 11.2)
    assert (answer.release, answer.applied, answer.mode) == ("r1", ("static:usual",), "automate")
    assert answer.facts_age == timedelta(hours=10).total_seconds()
    (event,) = events
    assert (event.id, event.output, event.applied, event.rows) == (
        answer.id,
        answer.output,
        ("static:usual",),
        "r1:usual:10",
    )


def test_a_product_that_sees_a_regime_answers_from_it(tmp_path: Path, made: Table) -> None:
    found = host(compiled(tmp_path, made), [])
    found.regime = "market day"
    answer = found.ask(asking("east", END))
    assert (answer.output["forecast"], answer.applied) == (23.0, ("static:market day",))
    found.regime = ""
    assert found.regime == "usual"


def test_a_regime_that_the_table_does_not_tell_apart_is_refused(tmp_path: Path, made: Table) -> None:
    found = host(compiled(tmp_path, made), [])
    with pytest.raises(UsageError, match="'flood': the table of toy tells apart usual, market day"):
        found.regime = "flood"
    with pytest.raises(UsageError, match="flood"):
        Lookup(made).outputs(("east",), MONDAY, "flood")
    assert found.ask(asking("east", END)).applied == ("static:usual",)


def test_the_decision_in_the_table_is_the_one_that_is_answered(tmp_path: Path, made: Table) -> None:
    folder, levels = compiled(tmp_path, made), np.array([*made.decision["bake"].levels])
    codes = np.frombuffer(made.decision["bake"].codes, "<u2").reshape(2, 168, 4)
    for number, key in enumerate(made.keys):
        for cell in (0, 77, 167):
            # A host of its own each time: what it remembers would bound how far it moves.
            answer = host(folder, []).ask(asking(key, END + cell * HOUR))
            assert answer.output["bake"] == levels[codes[0, cell, number]]


def test_a_key_that_the_table_has_not_is_refused(tmp_path: Path, made: Table) -> None:
    with pytest.raises(RequestError, match="nothing is known"):
        host(compiled(tmp_path, made), []).ask(asking("nowhere", END))


def test_a_table_that_has_outlived_its_time_says_nothing(tmp_path: Path, made: Table) -> None:
    late = END + timedelta(days=183)
    answer = host(compiled(tmp_path, made), [], now=late).ask(asking("north", late))
    assert answer.output == {"bake": 10.0}
    assert (answer.release, answer.applied) == ("none", ("fallback:neutral", "static:usual"))


def test_a_moment_long_before_the_facts_is_refused_and_told_of_a_clock_that_stands_there(
    tmp_path: Path, made: Table
) -> None:
    first = END - timedelta(days=7)
    early, found = first - timedelta(seconds=1), host(compiled(tmp_path, made), [])
    with pytest.raises(ContradictionError, match="lies long before the facts"):
        found.ask(asking("north", early))
    assert "set the clock" in found.over(early)
    assert found.ask(asking("north", first)).applied == ("static:usual",)
    assert found.over(first) == ""
