"""The conformance kit, against a server that keeps every rule and against servers that break one each."""

import json
from pathlib import Path

import msgspec
import pytest

from afield.testing.v2.__main__ import main
from afield.testing.v2.case import Case
from afield.testing.v2.report import RULES, Finding, conformance
from afield.testing.v2.server import Server
from tests.testing.toy_v2 import BREAKS, on, said, serving


def findings(url: str) -> dict[str, Finding]:
    return {one.rule: one for one in conformance(Case(Server(url, "sums")))}


def test_a_server_that_keeps_every_rule_conforms() -> None:
    with serving() as url:
        found = findings(url)
    assert {one.verdict for one in found.values()} == {"kept"}, found


def test_every_rule_has_a_server_that_breaks_it() -> None:
    assert set(BREAKS) == {rule.name for rule in RULES}


@pytest.mark.parametrize("name", BREAKS)
def test_a_server_that_breaks_a_rule_is_told_so(name: str) -> None:
    with serving(name) as url:
        case = Case(Server(url, "sums"))
        (found,) = conformance(case, [name])
    assert (found.verdict, bool(found.found)) == ("broken", True)


def test_a_broken_rule_of_the_extension_leaves_the_protocol_kept() -> None:
    with serving("binary-no-header") as url:
        broken = [name for name, one in findings(url).items() if one.verdict == "broken"]
    assert broken == ["binary-no-header"]


def test_the_command_prints_a_table_and_fails_where_a_rule_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    with serving("id") as url:
        assert main([url, "sums"]) == 1
    assert "32 rules kept, 1 broken, of 33" in capsys.readouterr().out


def test_what_only_should_be_does_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    with serving("live-body") as url:
        assert main([url, "sums"]) == 0
    assert "1 broken" not in capsys.readouterr().out


def test_the_command_tells_its_findings_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as url:
        assert main([url, "sums", "--json", "--rule", "live"]) == 0
    (found,) = msgspec.json.decode(capsys.readouterr().out, type=list[Finding])
    assert (found.rule, found.verdict) == ("live", "kept")


def test_inputs_that_work_may_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "inputs.json"
    file.write_text(json.dumps([{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}]))
    with serving() as url:
        assert main([url, "sums", "--inputs", str(file)]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("content", ["[]", "{", '[{"name": "x"}]', '[{"name": 1, "shape": [1], "data": [0]}]'])
def test_inputs_that_are_no_tensors_are_wrong_usage(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "inputs.json"
    file.write_text(content)
    with serving() as url:
        assert main([url, "sums", "--inputs", str(file)]) == 2
    assert capsys.readouterr().err


def test_rules_that_need_an_input_do_not_apply_to_a_model_that_names_none() -> None:
    with serving(on("sums", said(inputs=[]))) as url:
        found = findings(url)
    assert (found["infer"].verdict, found["wrong-shape"].verdict) == ("does not apply", "does not apply")
    assert "--inputs" in found["infer"].found


def test_what_the_metadata_leave_open_is_not_held_against_a_server() -> None:
    given = [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]}]
    with serving(on("sums", said(inputs=[], outputs=[], versions=None))) as url:
        found = {one.rule: one.verdict for one in conformance(Case(Server(url, "sums"), given))}
    open_ones = {"versions", "infer-version", "unknown-version", "outputs-described", "wrong-name", "wrong-shape"}
    assert {rule for rule, verdict in found.items() if verdict != "kept"} == open_ones
    assert {found[rule] for rule in open_ones} == {"does not apply"}


@pytest.mark.parametrize(
    "fields",
    [
        {"outputs": []},
        {"outputs": [{"name": "sum", "shape": [-1], "datatype": "FP32", "data": ["x"]}]},
        {"outputs": [{"name": "sum", "shape": [1], "datatype": "NONE", "data": [None]}]},
        {"outputs": [{"name": "sum", "shape": [], "datatype": "FP32"}], "id": None},
        {"parameters": 7},
    ],
)
def test_whatever_a_server_replies_ends_in_a_verdict(fields: dict[str, object]) -> None:
    with serving(on("infer", said(**fields))) as url:
        found = findings(url)
    assert {one.rule for one in found.values() if one.verdict == "broken"} >= {"binary-reply"}


@pytest.mark.parametrize("url", ["nowhere", "ftp://127.0.0.1", "http://127.0.0.1:9"])
def test_a_server_that_cannot_be_asked_is_wrong_usage(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([url, "sums"]) == 2
    assert capsys.readouterr().err
