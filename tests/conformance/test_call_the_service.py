"""The page on calling the service, followed to the letter against a service of surge."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from afield.application import load
from afield.release.signing import Signer
from afield.testing.ground import Ground
from tests.workshop.village import copied

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[2] / "docs/how-to/call-the-service.md"
ZONES = ("22", "99")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("called")
    office = copied(tmp_path_factory.getbasetemp(), folder)
    bundle = office.home.bundles / office.actions.state.champion
    made = Ground(
        folder / "ground", load("surge", office.application.options), bundle, Signer(folder / "keys" / "signing.key")
    )
    made.publish()
    made.control(made.first)
    with made.serving():
        yield made


def here(ground: Ground, text: str) -> str:
    """What the page says, of this service: its address, its moment, and two of its zones."""
    text = text.replace("127.0.0.1:8000", ground.url.removeprefix("http://"))
    text = re.sub(r"now=\$\(.*?\)", f"now={ground.tick.isoformat()}", text)
    for zone, key in zip(ZONES, ground.keys, strict=False):
        text = re.sub(rf"\b{zone}\b", key, text)
    return text


def run(text: str) -> str:
    """What a shell prints, in which the interpreter of the tests comes first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", text], capture_output=True, text=True, env={**os.environ, "PATH": path}, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_it_asks_of_curl_is_answered(ground: Ground) -> None:
    single, batch, _ = blocks("sh")
    answer = json.loads(run(here(ground, single)))
    assert set(answer["output"]) >= {"forecast", "multiplier"}
    assert answer["applied"] == []
    answers = json.loads(run(here(ground, single.splitlines()[0] + "\n" + batch)))["answers"]
    assert len(answers) == 2
    assert answers[0]["output"] == answer["output"]


def test_its_client_of_the_protocol_infers(ground: Ground) -> None:
    (text,) = blocks("py")
    shown = (
        here(ground, text)
        .replace("client.infer(", "print(client.infer(")
        .replace('("forecast")', '("forecast").shape)')
    )
    assert run(f"python - <<'END'\n{shown}\nEND").splitlines() == ["(1,)", "(2,)"]


def test_its_conformance_kit_finds_nothing_broken_and_as_many_rules_as_it_says(ground: Ground) -> None:
    text = PAGE.read_text("utf-8")
    (rules,) = re.findall(r"(\d+) rules of the specification and five of the binary extension", text)
    assert f"{int(rules) + 5} rules kept, 0 broken" in run(here(ground, blocks("sh")[-1]))


def test_promtool_finds_no_fault_in_its_measures(ground: Ground) -> None:
    if subprocess.run(["which", "promtool"], capture_output=True, check=False).returncode:
        pytest.skip("promtool is not installed")
    assert run(f"curl -sf {ground.url}/metrics | promtool check metrics") == ""


def test_a_line_of_its_log_has_the_fields_of_the_page() -> None:
    (line,) = blocks("json")
    source = (PAGE.parents[2] / "src/afield/serving/journal.py").read_text("utf-8")
    assert all(f'"{name}"' in source for name in json.loads(line))
