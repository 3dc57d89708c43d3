from datetime import datetime, timedelta

import msgspec

from afield.mitigation.guards import clamp, plausible, step_limit
from afield.mitigation.modes import mode_of
from afield.mitigation.overrides import contradicted, in_force, overridden
from afield.records.decision import ControlState, Override

NOW = datetime(2026, 3, 2, 9)
LATER = NOW + timedelta(hours=1)
SLICES = {"coast": lambda unit: unit.startswith("c"), "city": lambda unit: unit.endswith("y")}


def override(name: str, scope: str = "*", value: float = 1.0, expires: datetime = LATER) -> Override:
    return Override(name, scope, "price", value, "because", expires)


def test_an_override_holds_in_its_scope_until_it_expires() -> None:
    all_of_them = [override("east", "east"), override("west", "west"), override("over", expires=NOW), override("all")]
    assert [one.name for one in in_force(all_of_them, "east", NOW)] == ["all", "east"]


def test_an_urgent_one_has_the_last_word_over_a_narrower_one() -> None:
    urgent = msgspec.structs.replace(override("flood", "*", 1.0), urgent=True)
    held = in_force([urgent, override("mine", "east", 2.0)], "east", NOW)
    assert overridden({"price": 9.0}, held) == ({"price": 1.0}, ("override:mine", "override:flood"))


def test_the_override_of_the_unit_has_the_last_word() -> None:
    held = in_force([override("mine", "east", 2.0), override("all", "*", 3.0)], "east", NOW)
    assert overridden({"price": 9.0}, held) == ({"price": 2.0}, ("override:all", "override:mine"))


def test_an_override_of_something_else_changes_nothing() -> None:
    assert overridden({"loaves": 9.0}, [override("all")]) == ({"loaves": 9.0}, ())


def test_a_unit_has_the_general_mode_unless_it_has_one_of_its_own() -> None:
    control = ControlState(version=1, champion="r", mode="prompt", mode_by_unit={"east": "off"})
    assert (mode_of(control, "east"), mode_of(control, "west")) == ("off", "prompt")


def test_an_override_of_a_slice_comes_between_that_of_all_and_that_of_the_unit() -> None:
    held = [override("mine", "cay"), override("slice", "slice:coast"), override("all"), override("other", "slice:moon")]
    assert [one.name for one in in_force(held, "cay", NOW, SLICES)] == ["all", "slice", "mine"]
    assert [one.name for one in in_force(held, "bay", NOW, SLICES)] == ["all"]


def test_of_the_modes_of_a_unit_s_slices_the_most_cautious_counts_before_the_general_one() -> None:
    apart = {"slice:coast": "prompt", "slice:city": "off", "cozy": "automate"}
    control = ControlState(version=1, champion="r", mode="automate", mode_by_unit=apart)
    modes = {unit: mode_of(control, unit, SLICES) for unit in ("coal", "city", "cozy", "hill")}
    assert modes == {"coal": "prompt", "city": "off", "cozy": "automate", "hill": "automate"}


def test_a_value_that_a_guard_would_never_let_pass_contradicts_it() -> None:
    guards = (clamp("price", 1.0, 2.5), plausible("price", 0.5), step_limit("price", 0.1), clamp("other", 9.0, 9.0))
    assert contradicted(guards, "price", 2.0) == ()
    assert contradicted(guards, "price", 3.0) == ("clamp:price",)
    assert contradicted(guards, "price", 0.0) == ("clamp:price", "plausible:price")
