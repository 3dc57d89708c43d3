import msgspec
import pytest

from afield.errors import ContradictionError, RequestError
from afield.records.traffic import Contest, Event, Ingest
from afield.serving.ingestion import Ingestion
from afield.testing.stand import TICK
from afield.testing.toy import operate

GOOD = {"id": "s1", "kind": "sale", "at": "2026-03-02T08:59:00", "fields": {"shop": "east", "loaves": 2}}
OUTCOME = {
    "id": "o1", "key": "east", "event_time": "2026-03-02T08:00:00", "known_at": "2026-03-02T09:00:00",
    "source": "till", "value": 4.0,
}  # fmt: skip
EVENT = Event("d1", "east", "champion", "r1", TICK, 1.0, 1.0, "p", "", {}, TICK)


@pytest.fixture
def kept() -> list[Ingest | Event]:
    return []


@pytest.fixture
def ingestion(kept: list[Ingest | Event]) -> Ingestion:
    return Ingestion(operate({}).facts, lambda batch, _: kept.append(batch), kept.append)


def test_facts_outcomes_and_the_watermark_are_kept_as_one(ingestion: Ingestion, kept: list[Ingest]) -> None:
    body = {"facts": [GOOD], "outcomes": [OUTCOME], "watermark": "2026-03-02T09:00:00"}
    assert ingestion.facts(msgspec.json.encode(body)) == {"facts": 1, "outcomes": 1}
    assert kept == [msgspec.convert(body, Ingest)]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"kind": "theft"}, "facts[1].kind"),
        ({"fields": {"shop": "east"}}, "facts[1].fields"),
        ({"fields": {"shop": "east", "loaves": "2"}}, "facts[1].fields"),
        ({"fields": {"shop": "east", "loaves": 2, "more": 1}}, "facts[1].fields"),
        ({"id": ""}, "facts[1].id"),
        ({"id": "x" * 201}, "facts[1].id"),
        ({"at": "2026-03-02T08:59:00Z"}, "facts[1].at"),
        ({"known_at": "2026-03-02T08:59:00+01:00"}, "facts[1].known_at"),
    ],
)
def test_one_wrong_fact_refuses_the_whole_batch_by_its_place(
    ingestion: Ingestion, kept: list[Ingest], change: dict[str, object], where: str
) -> None:
    with pytest.raises(RequestError) as raised:
        ingestion.facts(msgspec.json.encode({"facts": [GOOD, {**GOOD, **change}]}))
    assert raised.value.field == where
    assert kept == []


class Weighed(msgspec.Struct):
    """Fields that may contradict each other."""

    gross: int
    net: int

    def __post_init__(self) -> None:
        if self.net > self.gross:
            raise ContradictionError("more than gross", "net")


def test_fields_that_contradict_each_other_are_a_contradiction_told_by_its_place(kept: list[Ingest]) -> None:
    scales = Ingestion({"sale": Weighed}, lambda batch, _: kept.append(batch), kept.append)
    with pytest.raises(ContradictionError) as raised:
        scales.facts(msgspec.json.encode({"facts": [{**GOOD, "fields": {"gross": 1, "net": 2}}]}))
    assert (raised.value.field, kept) == ("facts[0].fields.net", [])


@pytest.mark.parametrize("change", [{"id": ""}, {"key": ""}, {"event_time": "2026-03-02T08:00:00Z"}])
def test_a_wrong_outcome_refuses_the_whole_batch(
    ingestion: Ingestion, kept: list[Ingest], change: dict[str, object]
) -> None:
    with pytest.raises(RequestError, match=r".*"):
        ingestion.facts(msgspec.json.encode({"facts": [GOOD], "outcomes": [{**OUTCOME, **change}]}))
    assert kept == []


@pytest.mark.parametrize("change", [{"inclusion": 0.0}, {"inclusion": 1.5}, {"assignment": -1.0}, {"id": ""}])
def test_a_wrong_event_refuses_the_whole_batch(
    ingestion: Ingestion, kept: list[Event], change: dict[str, object]
) -> None:
    wrong = msgspec.structs.replace(EVENT, **change)
    with pytest.raises(RequestError, match=r".*"):
        ingestion.events(msgspec.json.encode({"events": [EVENT, wrong]}))
    assert kept == []


def test_telemetry_of_a_newer_schema_is_refused(ingestion: Ingestion) -> None:
    with pytest.raises(RequestError, match="newer"):
        ingestion.events(msgspec.json.encode({"events": [EVENT], "schema": 2}))


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"facts": [GOOD | {"at": "2093-01-01T00:00:00"}]}, "facts[0].at"),
        ({"facts": [GOOD | {"known_at": "2093-01-01T00:00:00"}]}, "facts[0].at"),
        ({"facts": [GOOD | {"at": "1923-01-01T00:00:00"}]}, "facts[0].at"),
        ({"watermark": "2093-01-01T00:00:00"}, "watermark"),
    ],
)
def test_what_lies_far_from_the_service_s_present_is_refused(body: dict[str, object], where: str) -> None:
    kept: list[Ingest] = []
    near = Ingestion(operate({}).facts, lambda batch, _: kept.append(batch), kept.append, lambda: TICK)
    with pytest.raises(RequestError) as caught:
        near.facts(msgspec.json.encode(body))
    assert caught.value.field == where
    assert not kept


def test_a_contest_is_kept_with_the_moment_at_which_it_came(kept: list[Ingest | Event]) -> None:
    ingestion = Ingestion(operate({}).facts, lambda batch, _: kept.append(batch), kept.append, lambda: TICK)
    assert ingestion.contest(b'{"about": "a1", "value": 4}') == {"contests": 1}
    assert kept == [Ingest(contests=(Contest("a1", 4.0, at=TICK),))]
    assert ingestion.facts(b'{"contests": [{"about": "a2"}]}') == {"facts": 0, "outcomes": 0, "contests": 1}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ('{"about": ""}', "about"),
        ('{"about": "a1", "at": "2030-03-02T08:00:00"}', "at"),
        ('{"about": "a1", "at": "2026-03-02T08:00:00Z"}', "at"),
    ],
)
def test_a_contest_that_means_nothing_is_refused(kept: list[Ingest | Event], body: str, where: str) -> None:
    ingestion = Ingestion(operate({}).facts, lambda batch, _: kept.append(batch), kept.append, lambda: TICK)
    with pytest.raises(RequestError) as raised:
        ingestion.contest(body.encode())
    assert raised.value.field == where
    assert kept == []


def test_a_contest_before_any_answer_must_say_when(ingestion: Ingestion, kept: list[Ingest | Event]) -> None:
    with pytest.raises(RequestError, match="say when"):
        ingestion.contest(b'{"about": "a1"}')


def test_a_contest_brings_no_text_about_people(ingestion: Ingestion) -> None:
    with pytest.raises(msgspec.ValidationError):
        ingestion.contest(b'{"about": "a1", "reason": "my neighbour Ann lives there"}')
