"""Which label stands where people differ."""

from datetime import datetime, timedelta

import pytest

from afield.errors import LabellingError
from afield.labelling.conflicts import Policy, conflicts, resolve, unknown
from afield.labelling.labels import Label, in_force, label_rows

NOON = datetime(2024, 5, 1, 12)


def stands(policy: Policy, *said: tuple[str, str, float] | tuple[str, str, float, float]) -> dict[str, float | None]:
    """The label of each item; what is said: who, item, label, and how sure."""
    labels = [
        Label(f"l{place}", each[1], each[2], each[0], NOON + timedelta(minutes=place), f"by {each[0]}", *each[3:])
        for place, each in enumerate(said)
    ]
    rows = resolve(in_force(label_rows(labels).lazy()), policy).collect()
    return dict(rows.select("item", "label").sort("item").iter_rows())


def test_the_last_word_stands_by_default() -> None:
    assert stands(Policy(), ("ann", "a", 1.0), ("bob", "a", 0.0)) == {"a": 0.0}


def test_the_majority_stands() -> None:
    said = ("ann", "a", 1.0), ("bob", "a", 1.0), ("cyd", "a", 0.0)
    assert stands(Policy("majority"), *said) == {"a": 1.0}


def test_a_tie_stays_unresolved_and_is_a_conflict() -> None:
    said = ("ann", "a", 1.0), ("bob", "a", 0.0), ("ann", "b", 1.0)
    assert stands(Policy("majority"), *said) == {"a": None, "b": 1.0}
    rows = label_rows([Label(str(n), "a", float(n), f"p{n}", NOON, "x") for n in range(2)]).lazy()
    assert conflicts(resolve(rows, Policy("majority"))).collect()["item"].to_list() == ["a"]


def test_a_sure_vote_outweighs_two_unsure_ones() -> None:
    said = ("ann", "a", 1.0, 0.2), ("bob", "a", 1.0, 0.2), ("cyd", "a", 0.0, 1.0)
    assert stands(Policy("majority"), *said) == {"a": 0.0}


def test_the_highest_rank_stands_whatever_was_said_later() -> None:
    said = ("expert", "a", 1.0), ("crowd", "a", 0.0), ("crowd", "b", 0.0)
    assert stands(Policy("priority", ("expert",)), *said) == {"a": 1.0, "b": 0.0}


def test_a_rank_may_name_a_source() -> None:
    assert stands(Policy("priority", ("by ann",)), ("ann", "a", 1.0), ("bob", "a", 0.0)) == {"a": 1.0}


def test_disagreement_waits_for_a_judge() -> None:
    policy, said = Policy("adjudication", ("judge",)), (("ann", "a", 1.0), ("bob", "a", 0.0), ("ann", "b", 1.0))
    assert stands(policy, *said) == {"a": None, "b": 1.0}
    assert stands(policy, *said, ("judge", "a", 0.0)) == {"a": 0.0, "b": 1.0}


def test_an_annotator_can_be_left_out() -> None:
    said = ("ann", "a", 1.0), ("troll", "a", 0.0)
    assert stands(Policy("last", left_out=("troll",)), *said) == {"a": 1.0}


def test_a_policy_that_lacks_its_ranks_is_refused() -> None:
    with pytest.raises(LabellingError, match="needs ranks"):
        Policy("priority")


def test_a_policy_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LabellingError, match="use one of last, majority"):
        Policy("loudest")  # type: ignore[arg-type]


def test_names_that_nobody_bears_are_found() -> None:
    rows = label_rows([Label("1", "a", 1.0, "ann", NOON, "review")])
    assert unknown(("ann", "review", "nobody"), rows) == ("nobody",)
