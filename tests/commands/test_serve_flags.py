"""`afield serve`: whatever an option, in each design it acts or is refused by its name."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from afield.cli import VERBS, run
from afield.commands import serve
from afield.control.terms import Terms
from afield.records.considerations import DESIGNS, Design

ALL = frozenset(DESIGNS)
SUPERVISED = frozenset({"server", "cached"})
FETCHING = frozenset({"client", "hybrid"})
UPSTREAM = "http://127.0.0.1:2"
# Option → its value, the field of the terms that it sets (or the way of starting), what it holds then, and where.
TABLE: dict[str, tuple[list[str], str, object, frozenset[str]]] = {
    "--address": (["localhost"], "address", "localhost", ALL),
    "--port": (["8123"], "port", 8123, ALL),
    "--host": (["other"], "hosts", ("other",), ALL),
    "--token": (["HERE/tokens"], "token", Path("HERE/tokens"), ALL),
    "--log": (["all"], "log", "all", ALL),
    "--within": (["5"], "within", 5.0, ALL),
    "--workers": (["2-3"], "most", 3, SUPERVISED),
    "--otlp": (["http://127.0.0.1:4318"], "otlp", "http://127.0.0.1:4318", SUPERVISED),
    "--events-clock": ([], "by_events", True, SUPERVISED),
    "--live": ([], "way", "live", SUPERVISED),
    "--join": (["HERE"], "way", "joined", SUPERVISED),
    "--as": (["second", "--join", "HERE"], "called", "second", SUPERVISED),
    "--cache": (["valkey://127.0.0.1:6379/0"], "cache", "valkey://127.0.0.1:6379/0", frozenset({"cached"})),
    "--upstream": ([UPSTREAM], "upstream", UPSTREAM, FETCHING),
    "--upstream-token": (["HERE/tokens"], "upstream_token", Path("HERE/tokens"), FETCHING),
}


class Started:
    """Stands in for each way of starting, and keeps what it was told."""

    def __init__(self) -> None:
        self.told: dict[str, object] = {}

    def keep(self, way: str, arguments: tuple[object, ...]) -> None:
        (terms,) = (each for each in arguments if isinstance(each, Terms))
        called = arguments[arguments.index(terms) + 1] if way == "joined" else ""
        self.told = {name: getattr(terms, name) for name in Terms.__dataclass_fields__} | {"way": way, "called": called}

    @contextmanager
    def kept(self, way: str, arguments: tuple[object, ...]) -> Iterator[object]:
        self.keep(way, arguments)
        yield SimpleNamespace(url="http://here", supervise=lambda: None, ask_to_stop=lambda: None)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Started:
    made = Started()
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(serve, "product", lambda *given: made.kept("product", given))
    monkeypatch.setattr(serve, "joined", lambda *given: made.kept("joined", given))
    monkeypatch.setattr(serve, "running", lambda *given: made.kept("running", given))
    monkeypatch.setattr(serve, "live", lambda *given: made.keep("live", given))
    monkeypatch.setattr(serve, "open_office", lambda *_: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    (tmp_path / "tokens").write_text("a-plain-token-of-some-length-0123456789")
    return made


@pytest.mark.parametrize(("design", "option"), list(itertools.product(DESIGNS, TABLE)))
def test_an_option_acts_in_a_design_or_is_refused_by_its_name(
    design: Design, option: str, started: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written, field, holds, where = TABLE[option]
    values = [value.replace("HERE", str(tmp_path)) for value in written]
    needed = ["--upstream", UPSTREAM] if design in FETCHING and option != "--upstream" else []
    status = run(["serve", "afield.testing.toy:toy", "--design", design, *needed, option, *values], VERBS)
    said = " ".join(capsys.readouterr().err.split())
    if design in where:
        found = started.told.get(field)
        assert (status, str(found).replace(str(tmp_path), "HERE")) == (0, str(holds)), said
    else:
        assert (status, started.told) == (2, {})
        assert f"does nothing with --design {design}" in said
        assert option in said


@pytest.mark.parametrize("design", sorted(SUPERVISED))
def test_a_name_for_a_service_that_joins_none_is_refused(
    design: Design, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "afield.testing.toy:toy", "--design", design, "--as", "second"], VERBS) == 2
    assert "give --join" in capsys.readouterr().err
    assert started.told == {}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--port", "70000"], "--port. Must be <= 65535"),
        (["--port", "-1"], "--port. Must be >= 1"),
        (["--port", "0"], "--port. Must be >= 1"),
        (["--port", "abc"], 'unable to convert "abc"'),
        (["--workers", "0"], "a number from 1 to 256"),
        (["--workers", "999"], "a number from 1 to 256"),
        (["--workers", "3-2"], "a number from 1 to 256"),
        (["--within", "nan"], "write seconds"),
        (["--log", "loud"], "Choose from"),
        (["--nothing", "1"], "no option --nothing"),
        (["--nothing"], "no option --nothing"),
        (["more"], "more words than it takes: more"),
    ],
)
def test_what_no_service_can_be_given_is_wrong_usage(
    words: list[str], says: str, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "afield.testing.toy:toy", *words], VERBS) == 2
    said = capsys.readouterr().err
    assert says in said
    assert started.told == {}


def test_the_table_knows_every_option_of_the_verb() -> None:
    named = {f"--{name.replace('_', '-')}" for name in serve.run.__kwdefaults__}
    others = {"--called": "--as", "--traffic": "--live"}
    assert {others.get(name, name) for name in named} - {"--design"} == set(TABLE)
