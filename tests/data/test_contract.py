"""Contracts that nothing could keep are refused as they are declared."""

from datetime import timedelta

import dataframely as dy
import polars as pl
import pytest

from afield.data.contract import Contract, Reference, consistent, in_order
from afield.errors import ContractError


class Order(dy.Schema):
    id = dy.String(primary_key=True)
    zone = dy.Int32()
    wait = dy.Float64(nullable=True, min=0.0, max=90.0, metadata={"unit": "min"})
    at = dy.Datetime()


class Zone(dy.Schema):
    zone = dy.Int32(primary_key=True)


class Reader(dy.Schema):
    id = dy.String()

    @dy.rule()
    def known(cls) -> pl.Expr:
        return pl.col("seen") >= pl.col("id")


ORDERS = Contract("orders", Order, references=(Reference("zone", "zones", "zone"),))
ZONES = Contract("zones", Zone)
TABLES = {"orders": ORDERS.types, "zones": ZONES.types}


def test_a_contract_tells_types_units_and_key() -> None:
    assert ORDERS.types["wait"] == pl.Float64
    assert ORDERS.units == {"wait": "min"}
    assert ORDERS.key == ("id",)


def test_a_range_that_holds_nothing_is_refused_by_the_library() -> None:
    with pytest.raises(ValueError, match="must not be greater"):
        dy.Float64(min=3.0, max=1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"monotone": True}, "name the column in `time`"),
        ({"time": "when"}, "column 'when' is not in its schema; it has id, zone, wait, at"),
        ({"time": "zone"}, "time 'zone' is Int32; name a column of moments or days"),
        ({"references": (Reference("place", "zones", "zone"),)}, "column 'place' is not in its schema"),
        ({"time": "at", "fresh_within": timedelta(0)}, "nothing is fresh within 0:00:00"),
        ({"schema": Reader}, r'a rule cannot be evaluated: unable to find column "seen"; it has id'),
    ],
)
def test_a_contradiction_within_a_contract_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        Contract(**{"table": "orders", "schema": Order, **change})


@pytest.mark.parametrize(
    ("contracts", "message"),
    [
        ((ORDERS, ORDERS, ZONES), "contract of orders: it is there twice"),
        ((Contract("rides", Order),), "there is no table 'rides'; declared are orders, zones"),
        ((Contract("zones", Order),), "table zones has no column 'id'; it has zone"),
        ((Contract("orders", Order, references=(Reference("zone", "places", "zone"),)),), "no table 'places'"),
        ((Contract("orders", Order, references=(Reference("wait", "zones", "zone"),)),), "zones.zone is declared as"),
    ],
)
def test_contracts_that_do_not_fit_the_tables_are_refused(contracts: tuple[Contract, ...], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        consistent(contracts, TABLES)


def test_contracts_that_fit_are_accepted_and_what_is_referred_to_comes_first() -> None:
    consistent((ORDERS, ZONES), TABLES)
    assert in_order((ORDERS, ZONES)) == (ZONES, ORDERS)


def test_contracts_that_refer_to_each_other_are_refused() -> None:
    back = Contract("zones", Zone, references=(Reference("zone", "orders", "zone"),))
    with pytest.raises(ContractError, match="orders, zones refer to each other"):
        in_order((ORDERS, back))
