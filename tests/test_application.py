"""Applications are values, found by entry point or by import string."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from afield.application import Application, Goal, load, nothing_to_decide, resolve
from afield.errors import UsageError
from afield.serving.product import FromInput
from afield.testing.toy import decide, operate


def test_an_installed_application_is_found_by_its_name_and_takes_its_options() -> None:
    assert load("surge", {"slot": "15m"}).options == {"slot": "15m"}


def test_an_application_is_found_by_import_string() -> None:
    assert load("surge.application:surge").name == "surge"


def test_an_application_lies_in_the_package_of_the_half_that_builds_it() -> None:
    assert load("surge").package == "surge"


def test_an_unknown_name_is_answered_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"no application called 'nothing'; there is: .*surge"):
        load("nothing")


def test_an_option_that_the_application_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="surge has no option --new-colour; its options: --slot, --effort"):
        load("surge", {"new_colour": "red"})


@pytest.mark.parametrize("path", ["surge.nothing:surge", "surge.application:nothing", "surge.application:SLOTS"])
def test_an_import_string_that_names_no_function_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="surge"):
        resolve(path)


def test_what_is_not_an_application_is_refused() -> None:
    with pytest.raises(UsageError, match="an Application is expected"):
        load("fractions:Fraction")


def test_a_half_of_the_wrong_kind_is_refused() -> None:
    surge = load("surge")
    with pytest.raises(UsageError, match="Application is expected"):
        surge.part("builtins:dict", Application)


def test_the_leaves_of_a_goal_stand_in_order() -> None:
    tree = Goal("top", children=(Goal("a", measure="m"), Goal("b", children=(Goal("c", measure="n"),))))
    assert [leaf.statement for leaf in tree.leaves()] == ["a", "c"]


def test_the_toy_s_sample_request_is_one_that_it_takes() -> None:
    noon, operates = datetime(2024, 3, 1, 12), operate({})
    asked = operates.asked.resolve(
        msgspec.json.decode(operates.asked.sample(noon, "east"), type=operates.asked.request)
    )
    assert (asked.key, asked.at) == ("east", noon)


def test_a_decision_is_about_a_row_that_was_looked_up_or_about_what_was_found_in_the_request() -> None:
    bakery, found = operate({}), FromInput(lambda _request, _release: 1 / 0, lambda *_: 1 / 0)
    finding = replace(bakery, decision=found)
    assert (bakery.decide, bakery.from_input) == (decide, None)
    assert (finding.decide, finding.from_input) == (nothing_to_decide, found)


def test_what_finds_and_what_decides_about_it_are_declared_together() -> None:
    with pytest.raises(TypeError, match="conclude"):
        FromInput(observe=lambda _request, _release: 1 / 0)


def test_a_declaration_that_contradicts_itself_is_refused_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backwards.py").write_text("import dataframely as dy\n\nWAIT = dy.Float64(min=3.0, max=1.0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=r"`min` must not be greater than `max`.*backwards\.py, line 3"):
        resolve("backwards:build")
