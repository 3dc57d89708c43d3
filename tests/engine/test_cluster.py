"""Two Ray nodes on loopback: the same answers as here, and nothing lost with a node."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from afield.engine.engine import HERE, Engine, open_engine
from afield.errors import DataError, EngineError, UsageError
from afield.features.compute import compute
from afield.features.parity import differences
from afield.records.facts import Window
from afield.store.tables import Tables
from afield.study.backtesting import Asked, backtested
from afield.workshop import examples
from afield.workshop.examples import open_examples, write_examples
from benchmarks.ray_nodes import NODE, ROOT, Nodes
from surge.building import labelled, slots_of
from surge.features import feature_set
from surge.generated import GeneratedCity
from tests.workshop import village

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CITY = GeneratedCity(seed=3, density=0.5, days=42, change=0, slot=HOUR)


def node_of(meeting: Path, number: int) -> tuple[int, str]:
    """Which node does this; each waits until the other works too, or short tasks may all run on one."""
    (meeting / os.environ[NODE]).touch()
    deadline = time.monotonic() + 60
    while len(list(meeting.iterdir())) < 2 and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return number, os.environ[NODE]


def stays_on_the_doomed(flag: Path, number: int) -> int:
    if os.environ[NODE] == "doomed":
        flag.touch()
        threading.Event().wait()
    return number


def bad(number: int) -> int:
    if number == 2:
        raise DataError("column at is missing")
    return 1 // (number - 3)


def stored(root: Path | str) -> dict[str, pl.LazyFrame]:
    """The city in Delta tables."""
    store, found = Tables(root), CITY.read().tables
    for name, table in found.items():
        store.append(name, table.collect())
    return {name: store.scan(name) for name in found}


def features_of(tables: dict[str, pl.LazyFrame], window: Window) -> pl.DataFrame:
    """Surge's features of a window."""
    return compute(feature_set(HOUR), slots_of(tables, window, HOUR), tables)


def made(folder: Path, tables: dict[str, pl.LazyFrame], engine: Engine) -> pl.DataFrame:
    """Surge's examples of the last days, each day a partition."""
    folder.mkdir()
    window = Window(CITY.until - 7 * DAY, CITY.until)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "ROWS_AT_ONCE", 6000)
        patch.setattr(examples, "HELD_AT_MOST", 1000)
        write_examples(
            folder,
            feature_set(HOUR),
            partial(slots_of, slot=HOUR),
            partial(labelled, slot=HOUR),
            tables,
            window,
            engine,
        )
    assert len(list(folder.iterdir())) >= 7
    return open_examples(folder, "slot").collect()


def test_both_nodes_work_and_the_order_is_kept(cluster: Nodes, tmp_path: Path) -> None:
    found = list(open_engine("ray", cluster.address).map(partial(node_of, tmp_path), range(40)))
    assert [number for number, _ in found] == list(range(40))
    assert {node for _, node in found} == {"head", "second"}


def test_features_by_partition_over_delta_tables_equal_those_made_here(cluster: Nodes, tmp_path: Path) -> None:
    tables = stored(tmp_path / "tables")
    here = made(tmp_path / "here", tables, HERE)
    there = made(tmp_path / "there", tables, open_engine("ray", cluster.address))
    assert here["truth"].sum() > 1000
    assert_frame_equal(here, there, check_exact=True)


def test_features_in_double_precision_are_the_same_to_the_ninth_digit(cluster: Nodes, tmp_path: Path) -> None:
    tables = stored(tmp_path / "tables")
    windows = [Window(CITY.until - day * DAY, CITY.until - (day - 1) * DAY) for day in (4, 3, 2, 1)]
    whole = features_of(tables, Window(windows[0].start, CITY.until))
    parts = pl.concat(open_engine("ray", cluster.address).map(partial(features_of, tables), windows))
    assert not differences("partition", feature_set(HOUR), whole, parts)


def test_the_same_over_tables_in_an_object_store(cluster: Nodes, object_store: str, tmp_path: Path) -> None:
    tables = stored(f"s3://bucket/tables?endpoint_url={object_store}&allow_http=true")
    here = made(tmp_path / "here", tables, HERE)
    there = made(tmp_path / "there", tables, open_engine("ray", cluster.address))
    assert_frame_equal(here, there, check_exact=True)


def test_a_backtest_on_the_cluster_says_what_one_here_says(cluster: Nodes, tmp_path: Path) -> None:
    found = []
    for name, engine in (("here", HERE), ("there", open_engine("ray", cluster.address))):
        office = village.office(tmp_path / name)
        office = replace(office, plan=replace(office.plan, recipes=(office.plan.rival,)))
        found.append(backtested(office, Asked(origins=2, window=2 * DAY), engine))
    here, there = found
    for one, other in zip(here.folds, there.folds, strict=True):
        assert (one.origin, one.learned, one.rows) == (other.origin, other.learned, other.rows)
        assert one.scores["forecast"] == pytest.approx(other.scores["forecast"], rel=1e-9)


def test_a_killed_node_loses_nothing(cluster: Nodes, tmp_path: Path) -> None:
    cluster.node("doomed", 4)
    flag = tmp_path / "flag"

    def kill() -> None:
        while not flag.exists():
            threading.Event().wait(0.05)
        cluster.kill("doomed")

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    found = list(open_engine("ray", cluster.address).map(partial(stays_on_the_doomed, flag), range(30)))
    killer.join()
    assert found == list(range(30))


def test_an_error_on_a_node_names_the_partition_and_keeps_its_class(cluster: Nodes) -> None:
    engine = open_engine("ray", cluster.address)
    with pytest.raises(DataError, match="partition 2, 2: column at is missing"):
        list(engine.map(bad, [0, 1, 2]))
    with pytest.raises(EngineError, match="partition 0, 3: ZeroDivisionError"):
        list(engine.map(bad, [3]))


def test_an_address_where_no_cluster_is_is_refused(cluster: Nodes) -> None:
    with pytest.raises(UsageError, match="'head' is no address of a Ray cluster"):
        open_engine("ray", "head")
    with pytest.raises(EngineError, match=r"no Ray cluster answers at 127.0.0.1:1; start one \(ray start --head\)"):
        list(open_engine("ray", "127.0.0.1:1").map(abs, [1]))


LOST = """
import sys, threading
from afield.engine.cluster import Cluster
from afield.errors import EngineError

def waits(number):
    threading.Event().wait()

def kill():
    from benchmarks.ray_nodes import Nodes
    from pathlib import Path
    Nodes(Path(), 0, sys.argv[2], "").kill()

if __name__ == "__main__":
    threading.Timer(3, kill).start()
    try:
        list(Cluster(sys.argv[1], patience=3).map(waits, [1]))
    except EngineError as error:
        print(error)
"""


def test_a_lost_cluster_is_a_clear_error_and_the_process_goes_on(cluster: Nodes, tmp_path: Path) -> None:
    (tmp_path / "lost.py").write_text(LOST)
    done = subprocess.run(
        [sys.executable, tmp_path / "lost.py", cluster.address, cluster.mark],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert f"the Ray cluster at {cluster.address} was lost while partition 0 was computed" in done.stdout
