"""Afield's own service, by the conformance kit that anybody may use."""

import pytest

from afield.testing.v2.case import Case
from afield.testing.v2.report import conformance
from afield.testing.v2.server import Server


@pytest.mark.slow
def test_the_service_keeps_every_rule_of_the_protocol(service_url: str) -> None:
    found = conformance(Case(Server(service_url, "toy")))
    assert {one.rule: one.found for one in found if one.verdict != "kept"} == {}
