"""What `afield serve --design static` compiles before it starts."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from afield.application import load
from afield.commands import product
from afield.control.terms import Terms
from afield.errors import ReleaseError
from afield.home import Home


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What there is to compile, and how often that was done; `once` prepares a product and gives its folders."""
    state = SimpleNamespace(newest=datetime(2026, 3, 2, 9), times=0, problem=None)
    toy = load("afield.testing.toy:toy")
    home = Home.of(tmp_path, toy)
    office = SimpleNamespace(
        actions=SimpleNamespace(state=SimpleNamespace(champion="abc")),
        operate=SimpleNamespace(from_input=None),
        newest=lambda: state.newest,
    )

    def compile_release(*_: object) -> dict[str, bytes]:
        state.times += 1
        if state.problem:
            raise state.problem
        return {"table.json": b"{}"}

    def once() -> list[str]:
        product.Product(toy, home, Terms(design="static"))
        return sorted(each.name for each in (home.folder / "static" / "compiled").iterdir())

    monkeypatch.setattr(product, "open_office", lambda *_: office)
    monkeypatch.setattr(product, "compile_release", compile_release)
    state.once = once
    return state


def test_the_same_release_with_the_same_facts_is_compiled_once(compiled: SimpleNamespace) -> None:
    assert compiled.once() == compiled.once() == ["abc-20260302T090000"]
    assert compiled.times == 1


def test_newer_facts_make_another_table_of_the_same_release(compiled: SimpleNamespace) -> None:
    compiled.once()
    compiled.newest = datetime(2026, 4, 2, 9)
    assert compiled.once() == ["abc-20260302T090000", "abc-20260402T090000"]


def test_of_older_tables_the_few_that_were_used_last_stay(compiled: SimpleNamespace) -> None:
    for day in range(1, 5):
        compiled.newest = datetime(2026, 3, day)
        compiled.once()
    compiled.newest = datetime(2026, 3, 2)  # facts were taken back
    assert compiled.once() == ["abc-20260302T000000", "abc-20260303T000000", "abc-20260304T000000"]
    compiled.newest = datetime(2026, 3, 5)
    assert compiled.once() == ["abc-20260302T000000", "abc-20260304T000000", "abc-20260305T000000"]


def test_what_cannot_be_compiled_leaves_nothing_behind(compiled: SimpleNamespace) -> None:
    compiled.problem = ReleaseError("no rows")
    with pytest.raises(ReleaseError, match="no rows"):
        compiled.once()
    compiled.problem = None
    assert compiled.once() == ["abc-20260302T090000"]
