"""`afield serve`: whatever an option, in each design it acts or is refused by its name."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from afield.application import Application
from afield.cli import VERBS, run
from afield.commands import serve, starting
from afield.commands.company import Company
from afield.commands.output import Context
from afield.control.terms import Terms
from afield.records.considerations import DESIGNS, Design

ALL = frozenset(DESIGNS)
SUPERVISED = frozenset({"server", "cached"})
FETCHING = frozenset({"client", "hybrid"})
UPSTREAM = "http://127.0.0.1:2"
# Option → its value, what it sets, what that holds then, and in which designs.
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
    "--gather": (["2ms"], "gather", 0.002, frozenset({"server"})),
    "--live": ([], "live", True, SUPERVISED),
    "--share": (["s3://here/surge"], "share", "s3://here/surge", SUPERVISED),
    "--join": (["HERE"], "join", "HERE", SUPERVISED),
    "--as": (["second", "--join", "HERE"], "called", "second", SUPERVISED),
    "--cache": (["valkey://127.0.0.1:6379/0"], "cache", "valkey://127.0.0.1:6379/0", frozenset({"cached"})),
    "--upstream": ([UPSTREAM], "upstream", UPSTREAM, FETCHING),
    "--upstream-token": (["HERE/tokens"], "upstream_token", Path("HERE/tokens"), FETCHING),
}


class Started:
    """Stands in for what starts, and keeps what it was told."""

    def __init__(self) -> None:
        self.told: dict[str, object] = {}

    def __call__(self, _application: Application, terms: Terms, company: Company, _context: Context) -> None:
        self.told = {name: getattr(each, name) for each in (company, terms) for name in each.__dataclass_fields__}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Started:
    made = Started()
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(starting, "start", made)
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
        (["--gather=-1ms"], "write milliseconds"),
        (["--gather", "101ms"], "write milliseconds"),
        (["--gather", "2s"], "write milliseconds"),
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
    groups = (serve.Listening, serve.Hosting, serve.Answering, Company)
    named = {f"--{name.replace('_', '-')}" for group in groups for name in group.__dataclass_fields__}
    assert {"--as" if name == "--called" else name for name in named} - {"--design"} == set(TABLE)


def test_waiting_for_others_is_refused_where_each_request_is_looked_into(
    started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "signs", "--gather", "2ms"], VERBS) == 2
    assert "--gather does nothing for signs" in capsys.readouterr().err
    assert started.told == {}


@pytest.mark.parametrize(("app", "said"), [("signs", 1), ("surge", 0)])
def test_it_is_said_once_where_a_cache_holds_the_inputs_of_requests(
    app: str, said: int, started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--design", "cached", "--cache", "valkey://127.0.0.1:2/0"]
    assert run(["serve", app, *given], VERBS) == 0
    assert started.told["cache"] == "valkey://127.0.0.1:2/0"
    assert " ".join(capsys.readouterr().err.split()).count("is to be treated as the inputs themselves") == said


@pytest.mark.slow
def test_help_does_not_wait_for_what_a_supervisor_needs() -> None:
    program = "import sys; from afield.cli import VERBS, run; run(['serve', '--help'], VERBS); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"polars", "lightgbm", "sklearn", "scipy", "sqlalchemy", "deltalake", "onnx", "onnxruntime"}
    assert "--gather" in done.stdout
    assert heavy & set(done.stdout.splitlines()[-1].split()) == set()
