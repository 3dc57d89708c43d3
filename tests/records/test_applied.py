"""What acted on an answer has one home: every marker that is written has its kind, and the chain its order."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from afield.mitigation.guards import clamp, plausible, step_limit
from afield.mitigation.overrides import overridden
from afield.mitigation.promises import Promise
from afield.records.applied import (
    ALONE,
    KNOWN,
    MERGED,
    NEUTRAL,
    OFF,
    OPEN,
    RUNGS,
    STATIC,
    UNTOUCHED,
    Kind,
    fallback,
    fallbacks,
    fell_back,
    kind_of,
)
from afield.records.decision import Override
from afield.records.traffic import Answer, Counts
from afield.serving.health import HealthReader
from afield.serving.inference import Outputs
from afield.serving.metrics import Metrics
from afield.serving.product import Source
from afield.serving.scoring import Scoring
from afield.testing.stand import TICK
from afield.testing.toy import HOUR, operate
from tests.serving.bakery import bakery_of, release

ROOT = Path(__file__).parent.parent.parent
HELD = Override("strike", "*", "bake", 1.0, "by a test", TICK + HOUR)
MARKERS: dict[str, Kind] = {
    **dict.fromkeys(map(fallback, RUNGS), "fallback"),
    **dict.fromkeys(overridden({"bake": 2.0}, [HELD])[1], "override"),
    OFF: "off",
    OPEN: "breaker",
    UNTOUCHED: "untouched",
    Promise("price", HOUR).name: "promise",
    **dict.fromkeys((STATIC, f"{STATIC}:wet", KNOWN, MERGED, ALONE), "design"),
    **dict.fromkeys(
        (each.name for each in (clamp("bake", 0, 1), step_limit("bake", 1), plausible("bake", 0))), "guard"
    ),
}


def literals(tree: ast.AST) -> Iterable[str]:
    """Every text in code, docstrings left out."""
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.value


@pytest.mark.parametrize(("name", "kind"), MARKERS.items())
def test_every_marker_is_of_its_kind(name: str, kind: Kind) -> None:
    assert kind_of(name) == kind
    assert fell_back((name,)) == (kind == "fallback")


@pytest.mark.parametrize(("name", "kind"), MARKERS.items())
def test_the_measures_count_a_marker_as_what_it_is(name: str, kind: Kind, tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, "toy")
    metrics.answer(Answer("a", "", "r", "automate", (name,), {}, None, 0.9, None, ""), 0.001)
    health = HealthReader("toy", bakery_of(operate({})).predictor, lambda: TICK, tmp_path, tmp_path / "none").read()
    counted = {
        next(iter(sample.labels.values()))
        for family in text_string_to_metric_families(metrics.text(health, Counts()).decode())
        if family.name in ("afield_fallbacks", "afield_mitigations")
        for sample in family.samples
        if sample.value
    }
    assert counted == ({name.partition(":")[2]} if kind == "fallback" else set() if kind == "design" else {kind})


def test_fallbacks_are_told_in_order() -> None:
    assert fallbacks(("fallback:static", "clamp:bake", "fallback:neutral")) == ("fallback:static", "fallback:neutral")


def test_markers_are_written_nowhere_else() -> None:
    known = re.compile(r"(fallback|override|hybrid|cached|static):\w*$|mode:off")
    elsewhere = [
        f"{path.name}: {text}"
        for path in (ROOT / "src").rglob("*.py")
        if path.name != "applied.py"
        for text in literals(ast.parse(path.read_text("utf-8")))
        if known.match(text)
    ]
    assert not elsewhere


def test_the_chain_asks_the_rungs_in_their_order() -> None:
    asked: list[str] = []

    def filled(outputs: Outputs | None, _: str, chain: Iterable[Source], /) -> tuple[Outputs, tuple[str, ...]]:
        asked.extend(name for name, _ in chain)
        return outputs or {}, ()

    bakery = bakery_of(operate({}))
    seen = bakery.see(release("r1")).situation
    Scoring(operate({}), filled).scored(seen, ("east",), seen.columns.take(0), "r1", memory="answers", at=TICK)
    assert (*asked, NEUTRAL) == RUNGS


def test_the_glossary_knows_every_rung_in_its_order() -> None:
    glossary = (ROOT / "docs/explanation/glossary.md").read_text("utf-8")
    told = glossary.partition("**fallback**\n")[2].partition("The answer says so")[0]
    assert tuple(re.findall(r"`(\w+)`", told)) == RUNGS
