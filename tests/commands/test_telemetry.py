"""`afield telemetry`: a person erased from every file, releases marked, and the key of the hashes changed."""

import shutil
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import polars as pl
import pytest
from obstore.store import S3Store

from afield.home import Home
from afield.labelling.contests import contest_rows
from afield.labelling.labels import SCHEMA as LABELS
from afield.records.traffic import Contest, Event, EventBatch, Fact, Ingest, Outcome
from afield.store.founding import name_ledger
from afield.store.ledger import Ledger
from afield.store.secret import secret
from afield.store.tables import Tables
from afield.telemetry.delivery import event_rows
from afield.telemetry.encoding import encode
from afield.telemetry.outcomes import store_outcomes
from afield.telemetry.privacy import keyed_hash
from afield.telemetry.spool import Spool
from afield.testing.postgres import postgres
from tests.commands.conftest import Town
from tests.commands.town import APP, CITY
from tests.store.object_store import KEYS, bucket

AT = datetime(2024, 2, 26, 9)


@pytest.fixture
def rider(town: Town) -> str:
    """Somebody of whom there is a trace in every place that there is."""
    (town.root / "steps").unlink()
    person = str(CITY.read().tables["orders"].select("user_id").first().collect().item())
    hashed = keyed_hash(secret(town.root / "privacy.key"), person)
    tables = Tables(town.folder / "tables")
    label = ("l", "answer-1", 1.0, "judge", AT, "review", 1.0, None)
    tables.append("labels", pl.DataFrame([label, ("m", "answer-2", *label[2:])], schema=LABELS, orient="row"))
    store_outcomes(tables, [Outcome(f"o{n}", f"answer-{n}", AT, AT, "person", 1.0) for n in (1, 2)])
    with Spool(town.folder / "spool" / "telemetry", writer="worker-0") as spool:
        for name, unit in (("answer-1", hashed), ("answer-2", "somebody-else")):
            event = Event(name, unit, "champion", "r", AT, 1.0, 1.0, "p", "v", {"forecast": 1.0}, AT)
            spool.append_all([(encode(event), 1)])
    with Spool(town.folder / "spool" / "facts", writer="worker-0") as spool:
        fields = {"user_id": hashed, "pickup_location": 1, "target_location": 2}
        spool.append_all([(encode(Ingest((Fact("late-order", "order", AT, AT, fields),))), 1)])
    for place in ("counts/replies/a", "spool/facts/worker-9-1.damaged", "snapshots/rows"):
        file = town.folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\x00" + hashed.encode() + b"\x00")
    step = town.root / "steps" / "facts" / "key"
    step.mkdir(parents=True)
    pl.DataFrame({"user_id": [hashed]}).write_ipc(step / "orders.arrow", compression="zstd")
    return person


def naming(root: Path, *texts: str) -> list[Path]:
    """Every file that holds one of these, in its bytes or in its rows."""
    found = []
    for file in root.rglob("*"):
        if not file.is_file() or file.name == "privacy.key":
            continue
        content = file.read_bytes()
        read = {".parquet": pl.read_parquet, ".arrow": pl.read_ipc}.get(file.suffix)
        rows = "" if read is None else "".join(read(file).select(pl.col(pl.String)).write_csv())
        if any(text.encode() in content or text in rows for text in texts):
            found.append(file)
    return found


@pytest.mark.slow
def test_no_file_names_a_person_who_was_erased_by_id_or_by_hash(town: Town, rider: str) -> None:
    hashed = keyed_hash(secret(town.root / "privacy.key"), rider)
    assert len(naming(town.folder, hashed)) >= 6
    spoken = town("telemetry", "erase", APP, rider, "--reason", "asked by letter", "--json")
    assert (spoken.code, spoken.value["remains"]) == (0, [])
    assert naming(town.root, rider, hashed, "answer-1", "late-order") == []

    tables = Tables(town.folder / "tables")
    for name, column, others in (("predictions", "id", ["answer-2"]), ("labels", "item", ["answer-2"])):
        assert tables.scan(name).collect()[column].to_list() == others
    assert tables.scan("outcomes").collect()["key"].to_list() == ["answer-2"]
    assert tables.scan("orders").collect().height > 1000

    assert spoken.value["releases"] == [town.release]
    assert "not rebuildable since" in town("release", "show", APP).out
    assert town("release", "verify", APP).code == 0
    rebuilt = town("release", "verify", APP, "--rebuild", "--json")
    assert rebuilt.code == 1
    assert "not rebuildable since" in str(rebuilt.value["problem"])

    again = town("telemetry", "erase", APP, rider, "--reason", "to be sure", "--json")
    assert (again.code, again.value["rows"], again.value["releases"]) == (0, {}, [])


@pytest.mark.slow
def test_what_names_a_person_and_cannot_be_changed_is_told(town: Town, rider: str) -> None:
    town("mode", APP, "off", "--unit", rider, "--reason", "spam")
    (town.folder / "notes.txt").write_text(f"called {rider}\n")
    shutil.rmtree(town.folder / "datasets")
    spoken = town("telemetry", "erase", APP, rider, "--reason", "asked", "--json")
    assert spoken.code == 1
    remains = "\n".join(spoken.value["remains"])  # type: ignore[arg-type]
    assert "ledger.db: a row names the person" in remains
    assert "notes.txt: it is not Afield's" in remains


@pytest.mark.slow
def test_nobody_is_erased_while_a_service_writes_nor_in_the_ledger(town: Town, rider: str) -> None:
    with Spool(town.folder / "spool" / "facts", writer="worker-3"):
        spoken = town("telemetry", "erase", APP, rider, "--reason", "asked")
        assert (spoken.code, "stop the service" in spoken.err) == (2, True)
    named = town("telemetry", "erase", APP, rider, "--reason", f"{rider} asked")
    assert (named.code, "say it without them" in named.err) == (2, True)
    assert town("telemetry", "erase", APP, "ab", "--reason", "asked").code == 2
    assert town("telemetry", "erase", APP, rider, "--reason", " ").code == 2


@pytest.mark.slow
def test_a_row_of_a_ledger_on_a_server_that_names_a_person_is_told(town: Town, rider: str) -> None:
    with postgres() as server:
        (town.folder / "ledger.db").rename(town.root / "moved.db")
        (town.folder / "ledger.db-wal").unlink(missing_ok=True)
        name_ledger(town.root, server.url())
        for row in Ledger(f"sqlite:///{town.root / 'moved.db'}").entries("town"):
            Ledger(Home(town.root, "town-60m").ledger).append(row)
        (town.root / "moved.db").unlink()
        erased = town("telemetry", "erase", APP, rider, "--reason", "asked", "--json")
        assert (erased.code, erased.value["remains"], erased.value["releases"]) == (0, [], [town.release])
        town("mode", APP, "off", "--unit", rider, "--reason", "spam")
        again = town("telemetry", "erase", APP, rider, "--reason", "asked", "--json")
        assert again.code == 1
        (said,) = again.value["remains"]  # type: ignore[misc]
        assert "(mode) names the person; the ledger is append-only" in said
        assert rider not in said


@pytest.mark.slow
def test_tables_in_an_object_store_are_refused_with_a_way_that_works(
    town: Town, rider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with bucket() as endpoint:
        store = S3Store("bucket", endpoint=endpoint, client_options={"allow_http": True})
        noted, tables = town.root / "tables.url", town.folder / "tables"
        put(store, tables, "home/town-60m")
        shutil.rmtree(tables)
        noted.write_text(f"s3://bucket/home?endpoint_url={endpoint}&allow_http=true")
        refused = town("telemetry", "erase", APP, rider, "--reason", "asked")
        assert refused.code == 2
        assert all(word in refused.err for word in ("nothing was erased", str(tables), "tables.url", "sync --delete"))

        for each in chain.from_iterable(store.list("home/town-60m")):
            file = tables / Path(each["path"]).relative_to("home/town-60m")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(store.get(each["path"]).bytes()))
        noted.rename(town.root / "aside")
        assert town("telemetry", "erase", APP, rider, "--reason", "asked").code == 0
        store.delete([each["path"] for each in chain.from_iterable(store.list("home/town-60m"))])
        put(store, tables, "home/town-60m")
        (town.root / "aside").rename(noted)
        there = Tables(f"s3://bucket/home/town-60m?endpoint_url={endpoint}&allow_http=true")
        assert there.scan("orders").collect().height > 1000
        assert there.scan("labels").collect()["item"].to_list() == ["answer-2"]


def put(store: S3Store, folder: Path, prefix: str) -> None:
    """Every file of a folder, under a prefix."""
    for file in folder.rglob("*"):
        if file.is_file():
            store.put(f"{prefix}/{file.relative_to(folder)}", file.read_bytes())


@pytest.mark.slow
def test_a_new_key_keeps_the_former_for_erasures_unless_it_is_destroyed(town: Town, rider: str) -> None:
    file = town.root / "privacy.key"
    before = keyed_hash(secret(file), rider)
    assert town("telemetry", "rotate", APP, "--reason", "yearly", "--json").value == {"kept": 1, "destroyed": 0}
    assert keyed_hash(secret(file), rider) != before
    assert town("telemetry", "erase", APP, rider, "--reason", "asked").code == 0
    assert naming(town.folder, before) == []
    spoken = town("telemetry", "rotate", APP, "--reason", "unlink", "--destroy", "--json")
    assert spoken.value == {"kept": 0, "destroyed": 2}
    assert list(town.root.rglob("*.key")) == [file, *town.root.glob("keys/*.key")]
    assert "rotated" in town("release", "history", APP).out


@pytest.mark.slow
def test_fields_and_outcomes_are_told_of_what_was_recorded(town: Town) -> None:
    tables = Tables(town.folder / "tables")
    ticks = [AT - n * timedelta(hours=1) for n in range(48)]
    output = {"forecast": (1.0, 2.0)}
    batches = [EventBatch(str(t), ("1", "2"), "champion", "r", t, 1.0, 1.0, "p", "v", output, t) for t in ticks]
    tables.append("predictions", event_rows(batches))
    came = [Outcome(f"{t}{key}", key, t, t + timedelta(hours=2), "counted", 2.0) for t in ticks for key in ("1", "2")]
    store_outcomes(tables, came)

    told = town("telemetry", "fields", APP, "--json").value
    assert (told["rows"], told["known"]) == (96, 96)
    fields = {each["name"]: each for each in told["fields"]}  # type: ignore[attr-defined]
    assert fields["output_forecast"]["narrowed"] > 0.9  # the forecast tells the loss wholly
    ranked = told["candidates"]
    assert ranked[0]["name"] == "key"  # type: ignore[index]
    assert ranked[0]["explained"]["value"] > 0.9  # type: ignore[index]

    then = AT - timedelta(hours=10)
    known = town("telemetry", "outcomes", APP, "--as-of", then.isoformat(), "--json").value
    assert (known["predictions"], known["known"]) == (74, 74 - 2 * 1)
    assert town("telemetry", "outcomes", APP, "--as-of", "2024-02-26T09:00Z").code == 2
    one = tables.scan("predictions").filter(pl.col("tick") == then).select("id").first().collect().item()
    tables.append("contests", contest_rows([Contest(one, value=2.0, at=then)]))
    shown = town("telemetry", "outcomes", APP, "--as-of", AT.isoformat()).out
    assert "contested: 1 answers" in shown
    assert "proxy contested: " in shown
    assert town("telemetry", "sketches", APP).code == 2
