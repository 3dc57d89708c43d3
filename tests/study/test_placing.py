"""Placing: what is weighed is the product that runs."""

from collections.abc import Mapping

import pytest

from afield.application import Operate, load
from afield.records.considerations import NEVER
from afield.study.placing import as_run


@pytest.mark.parametrize(
    ("name", "options", "ages"),
    [
        ("surge", {"slot": "60m"}, (7_200.0, 3_600.0, 14_400.0)),
        ("surge", {"slot": "15m"}, (1_800.0, 900.0, 3_600.0)),
        ("signs", {}, (NEVER, NEVER, 86_400.0)),
    ],
)
def test_facts_and_kept_answers_are_weighed_as_old_as_the_product_lets_them_be(
    name: str, options: Mapping[str, str], ages: tuple[float, float, float]
) -> None:
    application = load(name, options)
    stated = application.requirements.considerations
    assert stated is not None
    operate = application.part(application.operate, Operate)
    told = as_run(stated, operate)

    assert (told.facts.stale_s, told.facts.oldest_s, told.cache.fresh_s) == ages
    if operate.from_input is None:
        assert told.facts.stale_s == operate.stale_after.total_seconds()
        assert told.facts.oldest_s == operate.designs.ask.oldest
