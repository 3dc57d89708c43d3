"""What the documentation names exists, and its examples run."""

import re
import subprocess
from pathlib import Path

import pytest

from afield.cli import VERBS

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/[!r]*/**/*.md")])

WORDS = """example, label, window, split, feature, lookback, baseline, slice, gate, release, card, champion, challenger,
shadow, canary, chunk, reference, drift, alert, trigger, guard, override, fallback, mode, hazard, drill, outcome, tick,
design"""

SLIDES = """Machine Learning in One Slide · Traditional Software Development · ML Development
Black-box View of Machine Learning · Microsoft's view of Software Engineering for ML · Three Fundamental Differences
Case Study · Machine Learning in Production / AI Engineering · Qualities of Interest? · Typical ML Pipeline
Example Data · Learning Data · Feature Engineering · Features? · Feature Extraction · Data Cleaning · Learning
Evaluation · Evaluation Data and Metrics? · Learning and Evaluating in Production · ML Model Tradeoffs
Where should the model live? · Considerations · Typical Designs · Other Considerations · Reactive Systems
Updating Models · Update Strategy? · Mistakes will happen · How Models can Break · Hazard Analysis
Mitigating Mistakes · Mistakes? · Telemetry · Requirements and estimation · Summary · Administrivia · Learning goals
Retrospectives · JETPACK NOW."""

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code(text: str) -> str:
    """What stands in backticks or in blocks of code."""
    return "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", text, flags=re.MULTILINE | re.DOTALL))


@pages
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


@pages
def test_every_path_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`((?:src|apps|docs|tests|scripts|benchmarks|\.ci)/[\w./-]*)`", page.read_text("utf-8"))
    assert not [path for path in named if not (ROOT / path).exists()]


@pages
def test_every_command_that_is_named_exists(page: Path) -> None:
    text = code(page.read_text("utf-8"))
    families = {verb.name.split()[0] for verb in VERBS}
    named = re.findall(r"\bafield ([a-z]+)(?: ([a-z]+))?", text)
    verbs = {verb.name for verb in VERBS}
    single = {name for name in verbs if " " not in name}
    unknown = [
        f"afield {first} {second}".strip()
        for first, second in named
        if first not in families or (first not in single and second and f"{first} {second}" not in verbs)
    ]
    assert not unknown
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert set(re.findall(r"(?:`|^)make (?:[A-Z]+=\S+ )?([a-z-]+)", text, flags=re.MULTILINE)) <= set(targets)


@pages
def test_its_python_examples_run(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for block in blocks:
        exec(compile(block, str(page), "exec"), {"__name__": "example"})
    assert not capsys.readouterr().err


def test_the_glossary_defines_every_word_of_the_loops() -> None:
    defined = re.findall(r"\*\*([\w ]+)\*\*", (ROOT / "docs/explanation/glossary.md").read_text("utf-8"))
    assert not {word.strip() for word in WORDS.split(",")} - set(defined)


def test_every_slide_of_the_lecture_has_its_place() -> None:
    page = (ROOT / "docs/explanation/lecture.md").read_text("utf-8")
    slides = {slide.strip() for line in SLIDES.splitlines() for slide in line.split("·")}
    assert not [slide for slide in slides if f"| {slide}" not in page and f"*{slide}*" not in page]


def test_every_row_of_the_lecture_names_what_exists_or_says_not_yet() -> None:
    page = (ROOT / "docs/explanation/lecture.md").read_text("utf-8")
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ") and "| Slide" not in line]
    assert len(rows) > 30
    for slide, command, file, what in rows:
        assert re.fullmatch(r" (`(afield|make) [a-z -]+`|not yet) ", command), slide
        assert re.fullmatch(r" (`[\w./-]+`|not yet) ", file), slide
        assert what.strip(), slide


def test_every_decision_record_has_its_sections_and_its_number() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text("utf-8")
        assert text.startswith(f"# {record.name[:4]} "), record.name
        sections = re.findall(r"^## (\w+)", text, flags=re.MULTILINE)
        assert sections == ["Context", "Options", "Decision", "Consequences", "Confirmation"], record.name


def test_make_alone_lists_the_targets_in_order(root: Path) -> None:
    listed = subprocess.run(["make"], cwd=root, capture_output=True, text=True, check=True).stdout
    wanted = ["setup", "fix", "check", "test", "test-slow", "bench", "docs", "demo", "phone", "setup-browser"]
    assert re.findall(r"^  make ([a-z-]+)", listed, flags=re.MULTILINE) == wanted
