import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.exchange.forms import as_arrow, as_javascript, as_python, busiest, described
from afield.records.table import Table
from afield.serving.static import Lookup
from tests.workshop.tables import END, SHOPS, asking, compiled, host

HOUR = timedelta(hours=1)
ASKED = [
    (shop, END + hours * HOUR, regime)
    for shop in SHOPS
    for hours in (0, 5, 167.5, 168 * 20)
    for regime in ("", "usual", "market day")
]
LATE = END + timedelta(days=200)
BEFORE = END - timedelta(days=6, minutes=20)
OTHERS = [("north", LATE, ""), ("west", BEFORE, "")]
PYTHON = """
import json, sys
from datetime import datetime
from toy_table import answer
print(json.dumps([answer(key, datetime.fromisoformat(at), regime) for key, at, regime in json.load(sys.stdin)]))
"""
NODE = """
import { answer } from "./toy_table.mjs";
let text = "";
for await (const piece of process.stdin) text += piece;
console.log(JSON.stringify(JSON.parse(text).map(([key, at, regime]) => answer(key, at, regime))));
"""


Answers = Callable[[str, datetime, str], dict[str, object]]


@pytest.fixture(scope="module")
def module(made: Table) -> dict[float, Answers]:
    """The function `answer` of the Python module, for slots of a quarter of an hour and of an hour."""
    found: dict[float, Answers] = {}
    for step in (900.0, 3600.0):
        names: dict[str, Any] = {}
        exec(as_python(msgspec.structs.replace(made, step=step)), names)
        found[step] = names["answer"]
    return found


def questions() -> str:
    return json.dumps([(key, at.isoformat(), regime) for key, at, regime in [*ASKED, *OTHERS]])


def expected(folder: Path, made: Table) -> list[dict[str, object]]:
    """What the host answers, each question asked of a host of its own: a module remembers nothing."""
    answers = []
    for key, at, regime in [*ASKED, *OTHERS]:
        found = host(compiled(folder, made), [], now=at)
        found.regime = regime
        answers.append(found.ask(asking(key, at)))
    return [
        {
            "release": each.release,
            "applied": list(each.applied),
            "output": each.output,
            "interval": None if each.interval is None else list(each.interval),
            "level": each.level,
            "facts_age": each.facts_age,
        }
        for each in answers
    ]


def run(folder: Path, *command: str) -> list[dict[str, object]]:
    done = subprocess.run(command, cwd=folder, input=questions(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_the_python_module_answers_as_the_predictor_does_and_needs_no_package(tmp_path: Path, made: Table) -> None:
    (tmp_path / "toy_table.py").write_text(as_python(made), "utf-8")
    (tmp_path / "ask.py").write_text(PYTHON)
    assert run(tmp_path, sys.executable, "-S", "-E", "ask.py") == expected(tmp_path / "host", made)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_javascript_module_answers_as_the_predictor_does(tmp_path: Path, made: Table) -> None:
    (tmp_path / "toy_table.mjs").write_text(as_javascript(made), "utf-8")
    (tmp_path / "ask.mjs").write_text(NODE)
    assert run(tmp_path, "node", "ask.mjs") == expected(tmp_path / "host", made)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_javascript_module_refuses_what_it_does_not_know(tmp_path: Path, made: Table) -> None:
    (tmp_path / "toy_table.mjs").write_text(as_javascript(made), "utf-8")
    (tmp_path / "ask.mjs").write_text(
        'import { answer } from "./toy_table.mjs";\n'
        "const told = (ask) => { try { return ask(); } catch (error) { return error.name + error.message; } };\n"
        'console.log(told(() => answer("nowhere", "2026-03-02T09:00:00")), told(() => answer("east", "soon")));\n'
        'console.log(told(() => answer("east", "2026-03-02T09:00:00", "flood")));\n'
    )
    done = subprocess.run(["node", "ask.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert "RangeErrornothing is known of nowhere" in done.stdout
    assert "RangeErrorsoon is no moment" in done.stdout
    assert "RangeErrorthere is no regime flood: the table tells apart usual, market day" in done.stdout


NO_MOMENTS = [
    "soon",
    "",
    "2024-02-30T14:00:00",
    "2026-03-16T14:00:00Z",
    "2026-03-16T14:00:00+01:00",
    "2026-03-16",
    None,
    7,
]
"""Refused by both modules; so is a moment long before the facts."""


@pytest.mark.parametrize("at", [*NO_MOMENTS, END.replace(tzinfo=UTC)])
def test_the_python_module_refuses_what_is_no_moment_and_says_what_is(module: dict[float, Any], at: object) -> None:
    with pytest.raises(ValueError, match="is no moment; give the place's local time, a datetime without a zone"):
        module[3600.0]("north", at)


def test_the_python_module_takes_a_moment_as_text_too(module: dict[float, Any]) -> None:
    answer = module[3600.0]
    for text in ("2026-03-16T14:20", "2026-03-16T14:20:30", "2026-03-16T14:20:30.250"):
        assert answer("north", text) == answer("north", datetime.fromisoformat(text))


def test_the_python_module_refuses_a_moment_long_before_its_facts(module: dict[float, Any]) -> None:
    for at in (END - timedelta(days=7, seconds=1), datetime(1970, 1, 1), datetime.min):
        with pytest.raises(ValueError, match="lies long before the facts"):
            module[3600.0]("north", at)
    assert module[3600.0]("north", END - timedelta(days=7))["facts_age"] == 0.0


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_javascript_module_refuses_the_same_moments(tmp_path: Path, made: Table) -> None:
    (tmp_path / "toy_table.mjs").write_text(as_javascript(made), "utf-8")
    long_before = ["1970-01-01T00:00:00", (END - timedelta(days=7, seconds=1)).isoformat()]
    (tmp_path / "ask.mjs").write_text(
        'import { answer } from "./toy_table.mjs";\n'
        "const told = (at) => { try { return answer('north', at).release; } "
        "catch (error) { return error.name + ' ' + error.message; } };\n"
        f"const all = [...{json.dumps(NO_MOMENTS)}, new Date('x'), undefined, ...{json.dumps(long_before)},"
        f" new Date(0), {json.dumps((END - timedelta(days=7)).isoformat())}];\n"
        "console.log(JSON.stringify(all.map(told)));\n"
    )
    done = subprocess.run(["node", "ask.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *refused, answered = json.loads(done.stdout)
    none, early = refused[: len(NO_MOMENTS) + 2], refused[len(NO_MOMENTS) + 2 :]
    assert all(re.match(r"RangeError .*is no moment; give the place's local time", said) for said in none), none
    assert [bool(re.match("RangeError .* lies long before the facts", said)) for said in early] == [True] * 3, early
    assert answered == made.release


def test_the_python_module_refuses_a_key_that_it_does_not_know(module: dict[float, Answers]) -> None:
    with pytest.raises(LookupError, match="nothing is known of 'nowhere'"):
        module[3600.0]("nowhere", datetime(2026, 3, 2), "")


def test_the_python_module_refuses_a_regime_that_it_does_not_know(module: dict[float, Answers]) -> None:
    with pytest.raises(LookupError, match="no regime 'flood': the table tells apart usual, market day"):
        module[3600.0]("north", datetime(2026, 3, 2), "flood")


def test_the_example_asks_about_what_the_table_expects_most_of_in_the_first_cycle_after_its_facts(made: Table) -> None:
    shown = busiest(made)
    assert END <= shown.moment < END + timedelta(days=7)
    forecasts = [
        float(Lookup(made).outputs((key,), END + hours * HOUR)["forecast"][0]) for key in SHOPS for hours in range(168)
    ]
    assert float(Lookup(made).outputs((shown.key,), shown.moment)["forecast"][0]) == max(forecasts)


def test_the_example_of_facts_that_end_amid_a_cell_lies_after_them(made: Table) -> None:
    late = msgspec.structs.replace(made, as_of=END + 5.5 * HOUR)
    assert late.as_of <= busiest(late).moment < late.as_of + timedelta(days=7)


def test_the_examples_that_stand_beside_the_modules_run(made: Table) -> None:
    text = described(made, "toy_table")
    (call, said), *_ = re.findall(r"^(answer\(.+\))  # (.+)$", text, flags=re.MULTILINE)
    names: dict[str, Any] = {}
    exec(f"{as_python(made)}\nanswered = {call}", names)
    assert said == ", ".join(f"{name} {value:g}" for name, value in names["answered"]["output"].items())
    assert f'answer("{busiest(made).key}", "{busiest(made).moment.isoformat()}", "market day");' in text


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_a_key_cannot_end_the_comment_that_it_is_shown_in(tmp_path: Path, made: Table) -> None:
    odd = msgspec.structs.replace(made, keys=tuple(f'*/throw "{key}"/*' for key in made.keys))
    (tmp_path / "toy_table.mjs").write_text(as_javascript(odd), "utf-8")
    done = subprocess.run(["node", "toy_table.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    exec(as_python(msgspec.structs.replace(made, keys=tuple(f'"""+{key}\\' for key in made.keys))), {})


@given(
    at=st.datetimes(min_value=END - timedelta(days=7), max_value=END + timedelta(days=181)),
    shop=st.sampled_from(SHOPS),
    regime=st.sampled_from(("", "usual", "market day")),
    step=st.sampled_from((900.0, 3600.0)),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_module_and_the_predictor_agree_at_any_moment(
    made: Table, module: dict[float, Answers], tmp_path: Path, at: datetime, shop: str, regime: str, step: float
) -> None:
    found = host(compiled(tmp_path, msgspec.structs.replace(made, step=step)), [], now=at)
    found.regime = regime
    answer, said = found.ask(asking(shop, at)), module[step](shop, at, regime)
    assert (answer.output, list(answer.interval or ())) == (said["output"], said["interval"])
    assert answer.facts_age == said["facts_age"]


def test_the_arrow_file_holds_every_number_of_the_table(made: Table) -> None:
    frame = pl.read_ipc(io.BytesIO(as_arrow(made)))
    assert frame.height == 2 * 168 * len(SHOPS)
    assert set(frame.columns) == {"regime", "cell", "key", "forecast", "low", "high", "bake"}
    lookup = Lookup(made)
    for hours in (0, 33, 167):
        at = made.start + hours * HOUR
        cells = frame.filter(cell=hours, regime="market day")
        assert cells["key"].cast(pl.String).to_list() == list(made.keys)
        assert cells["low"].to_list() == lookup.outputs(made.keys, at, "market day")["low"].tolist()


def test_what_the_table_costs_stands_beside_it(made: Table) -> None:
    assert "could not be measured" in described(made, "toy_table")
    measured = {"table": 0.9072, "release": 0.5, "baseline": 2.0, "coverage": 0.91}
    told = described(
        Table(**{name: getattr(made, name) for name in made.__struct_fields__} | {"measured": measured}), "t"
    )
    assert "the table's loss is 0.907, the release's 0.5, the baseline's 2; the truth lay in its interval 91.0%" in told
