"""The page: safe, whole, and honest."""

import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from afield.errors import DataError
from afield.reporting.page import POLICY, page
from surge.words import CALLED


class Reader(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def poisoned(value: Any) -> Any:
    """The value with an attack in each free text, in keys too."""
    if isinstance(value, dict):
        return {key: poisoned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner) for inner in value]
    fixed = {"promoted", "rolled_back", "rejected", "shadow", "canary", "probation"}
    if isinstance(value, str) and value not in fixed and not re.match(r"^\d{4}-\d\d-\d\d", value):
        return f"<script>alert('1')</script>\"><img src=x onerror=a()>{{{{ 7*7 }}}}</style>{value}"
    return value


@pytest.mark.usefixtures("plain")
def test_the_page_opens_with_the_verdict_then_what_riders_felt_then_the_errors(sample: dict[str, Any]) -> None:
    html = page(sample)
    heads = re.findall(r"<h[12]>(.*?)</h[12]>", html)
    assert heads == [
        "Kept by Afield made 4,242 fewer mistakes than never updated.",
        "What riders felt",
        "The errors",
        "Day by day",
        "What happened",
        "The first release",
        "The data",
        "Telemetry",
        "How each number was made",
        "Try next",
    ]


def test_text_from_the_data_is_escaped_everywhere(sample: dict[str, Any]) -> None:
    honest, attacked = read_page(page(sample)), page(poisoned(sample))
    assert "<script" not in attacked
    assert "<img" not in attacked
    assert "&lt;script&gt;alert(&#39;1&#39;)" in attacked
    assert attacked.count("</style>") == 1
    assert sorted(set(read_page(attacked).tags)) == sorted(set(honest.tags))


@pytest.mark.usefixtures("plain")
def test_names_of_metrics_baselines_pairs_and_parts_are_escaped(sample: dict[str, Any]) -> None:
    attack = "<script>alert(1)</script>"
    sample["accuracy"]["kept"][attack] = 1.0
    sample["build"]["metrics"][attack] = 1.0
    sample["build"]["baselines"][attack] = {}
    sample["accuracy"]["differences"][attack] = sample["accuracy"]["differences"]["kept - baseline"]
    sample["seconds_by_part"][attack] = 1.0
    sample["options"][attack] = attack
    sample["felt"]["measures"][0] |= {"title": attack, "line": attack, "worse": attack}
    sample["words"]["metrics"]["rmse"] = [attack, attack]
    assert "<script" not in page(sample)


def test_nothing_is_loaded_and_nothing_runs(sample: dict[str, Any]) -> None:
    html = page(sample)
    reader = read_page(html)
    names = {name for name, _ in reader.attributes}
    assert not names & {"src", "href", "xlink:href", "srcset", "action", "data", "background"}
    assert not [name for name in names if name.startswith("on")]
    assert not set(reader.tags) & {"script", "link", "iframe", "object", "embed", "img", "image", "base", "form"}
    assert "url(" not in html
    assert "@import" not in html
    assert not re.findall(r"https?://", html.replace("http://127.0.0.1:8080/v1/quote", ""))


def test_the_page_states_its_policy(sample: dict[str, Any]) -> None:
    policies = [value for name, value in read_page(page(sample)).attributes if name == "content"]
    assert POLICY in policies


def test_the_same_report_gives_the_same_page(sample: dict[str, Any]) -> None:
    assert page(sample) == page(sample)


def test_three_charts_are_drawn_for_wide_and_narrow_windows(sample: dict[str, Any]) -> None:
    html = page(sample)
    assert html.count('<svg class="chart"') == 6
    assert html.count('<div class="wide"><svg') == html.count('<div class="narrow"><svg') == 3


@pytest.mark.usefixtures("plain")
def test_a_negative_result_is_the_headline(sample: dict[str, Any]) -> None:
    sample["accuracy"]["differences"]["kept - never_updated"] |= {"value": 0.1, "low": 0.05, "high": 0.15}
    assert "<h1>Updating did not help on this data: it made the forecasts worse.</h1>" in page(sample)


@pytest.mark.usefixtures("plain")
def test_what_the_data_cannot_say_is_said(sample: dict[str, Any]) -> None:
    for arm in ("never_updated", "kept", "baseline"):
        sample["felt"][arm] |= {"minutes_waited": None}
        del sample["felt"][arm]["gave_up"]
    text = read_page(page(sample)).text
    assert text.count("this data cannot say") == 2
    sample["felt"] = None
    assert "This data cannot say." in read_page(page(sample)).text


@pytest.mark.usefixtures("plain")
def test_generated_data_is_called_generated_and_real_data_real(sample: dict[str, Any]) -> None:
    text = read_page(page(sample)).text
    assert "Generated, not real: generated city, seed 7, at 4 times the density" in text
    sample["data"] |= {"generated": False, "density": None, "source": "green taxi trips"}
    text = read_page(page(sample)).text
    assert "Real: green taxi trips." in text
    assert "a generated city" not in text


@pytest.mark.usefixtures("plain")
def test_no_price_claim_is_made_on_real_files(sample: dict[str, Any]) -> None:
    assert "asked to pay more" in page(sample)
    sample["felt"]["measures"] = [msgspec.to_builtins(each) for each in CALLED]
    html = page(sample)
    assert "pay more" not in html
    assert "ordinary price" not in html
    assert "was called a surge and was none" in html


@pytest.mark.usefixtures("plain")
def test_telemetry_that_does_not_add_up_is_told_loudly(sample: dict[str, Any]) -> None:
    assert "is accounted for" in page(sample)
    sample["telemetry"]["dropped"] = 7
    html = page(sample)
    assert "do not add up: −7 events" in html
    assert "is accounted for" not in html


def test_a_run_in_which_nothing_happened_has_a_page(sample: dict[str, Any]) -> None:
    sample |= {"alerts": [], "updates": [], "fallback": None, "timeline": [], "felt": None}
    sample["build"] |= {"gates": [], "baselines": {}}
    sample["data"] |= {"quarantine": [], "messages": []}
    text = read_page(page(sample)).text
    for sentence in ("No monitor raised an alert.", "No candidate was offered.", "no whole day of outcomes"):
        assert sentence in text


@pytest.mark.usefixtures("plain")
def test_the_commands_are_there_to_copy(sample: dict[str, Any]) -> None:
    text = read_page(page(sample)).text
    for command in [sample["command"], *sample["next"]]:
        assert command in text


def test_a_report_without_a_required_key_has_no_page(sample: dict[str, Any]) -> None:
    del sample["accuracy"]
    with pytest.raises(DataError, match="accuracy"):
        page(sample)
