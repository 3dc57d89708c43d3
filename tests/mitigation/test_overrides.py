from datetime import datetime, timedelta

from afield.mitigation.modes import mode_of
from afield.mitigation.overrides import in_force, overridden
from afield.records.decision import ControlState, Override

NOW = datetime(2026, 3, 2, 9)
LATER = NOW + timedelta(hours=1)


def override(name: str, scope: str = "*", value: float = 1.0, expires: datetime = LATER) -> Override:
    return Override(name, scope, "price", value, "because", expires)


def test_an_override_holds_in_its_scope_until_it_expires() -> None:
    all_of_them = [override("east", "east"), override("west", "west"), override("over", expires=NOW), override("all")]
    assert [one.name for one in in_force(all_of_them, "east", NOW)] == ["all", "east"]


def test_the_override_of_the_unit_has_the_last_word() -> None:
    held = in_force([override("mine", "east", 2.0), override("all", "*", 3.0)], "east", NOW)
    assert overridden({"price": 9.0}, held) == ({"price": 2.0}, ("override:all", "override:mine"))


def test_an_override_of_something_else_changes_nothing() -> None:
    assert overridden({"loaves": 9.0}, [override("all")]) == ({"loaves": 9.0}, ())


def test_a_unit_has_the_general_mode_unless_it_has_one_of_its_own() -> None:
    control = ControlState(version=1, champion="r", mode="prompt", mode_by_unit={"east": "off"})
    assert (mode_of(control, "east"), mode_of(control, "west")) == ("off", "prompt")
