"""What an application adds to the report: sections, and words of its own."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from afield.errors import DataError
from afield.records.words import Measure, Words
from afield.reporting.content import Picture, Rows, Section
from afield.reporting.files import write
from afield.reporting.page import page
from afield.reporting.summary import summary


def png(width: int, height: int) -> bytes:
    """A plain picture."""
    rows = b"".join(b"\x00" + bytes([60, 120, 160]) * width for _ in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


SECTION = Section(
    "Signs that were read",
    "Lines by script.\n\nThe rest was not readable.",
    tables=(Rows(("script", "lines", "right"), (("Kanji", "1,204", "91.2 %"), ("Latin", "310", "97.0 %"))),),
    pictures=(Picture("a sign with two lines", "Read right, both lines.", png(48, 24)),),
)
SIGNS: dict[str, object] = {
    "words": msgspec.to_builtins(
        Words(
            people="travellers",
            requests="readings",
            outputs="confidences",
            row="line",
            rows="lines",
            scored="a row per line that somebody judged",
            generated="a generated street",
            metrics={"squared_error": ("Brier score", "how far a probability lies from what came true, squared")},
        )
    ),
    "felt": {
        "counted": "lines",
        "count": 5120,
        "measures": [
            msgspec.to_builtins(Measure("wrong_shown", "Wrong lines shown as sure", "a detour", True, "were wrong")),
            msgspec.to_builtins(Measure("right_held_back", "Right lines not shown", "no help", mistake=True)),
        ],
        "never_updated": {"wrong_shown": 200, "right_held_back": 300},
        "kept": {"wrong_shown": 90, "right_held_back": 310},
        "baseline": {"wrong_shown": 500, "right_held_back": 100},
    },
    "loss": "squared_error",
}


@pytest.fixture
def signs(sample: dict[str, Any]) -> dict[str, Any]:
    """The sample as an application of another kind would tell it."""
    metrics = {"rmse": 0.31, "squared_error": 0.0961}
    for difference in sample["accuracy"]["differences"].values():
        difference["metric"] = "squared_error"
    for arm in ("never_updated", "kept", "baseline"):
        sample["accuracy"][arm] = metrics
    sample["build"] |= {"metrics": metrics, "baselines": {"mean_score": metrics}, "gates": []}
    sample["data"] |= {"density": None, "source": "a generated street, seed 3"}
    sample["timeline"] = []
    return sample | SIGNS | {"application": "signs", "options": {}, "sections": [SECTION.without_contents()]}


def words_of(html: str) -> str:
    """What stands in the body, charts aside."""
    return html[html.index("<body>") :]


@pytest.mark.usefixtures("plain")
def test_another_application_is_told_in_its_own_words(signs: dict[str, Any]) -> None:
    html = words_of(page(signs | {"alerts": [], "updates": [], "next": [], "command": "afield demo signs"}))
    for phrase in (
        "What travellers felt",
        "5,120 lines, the same under each arm",
        "lines, the fewer the better",
        "48,210 readings were asked for",
        "Brier score",
        "compared on the same lines,",
        "a row per line that somebody judged",
        "Not for everybody: 10 more lines under &#39;Right lines not shown&#39;",
        "a generated street",
        "Wrong lines shown as sure and Right lines not shown: 400 instead of 500",
    ):
        assert phrase in html, phrase
    data = html.index("<h2>The data</h2>"), html.index("<h2>Telemetry</h2>")
    for word in ("rider", "quote", "surge", "zone", "city", "price", "bias", "Poisson"):
        assert word not in html[: data[0]] + html[data[1] :], word


@pytest.mark.usefixtures("plain")
def test_sections_stand_after_what_happened_with_their_tables_and_pictures(signs: dict[str, Any]) -> None:
    html = page(signs | {"sections": [SECTION]})
    at = html.index("<h2>Signs that were read</h2>")
    assert html.index("<h2>What happened</h2>") < at < html.index("<h2>The first release</h2>")
    assert "<p>Lines by script.</p>\n<p>The rest was not readable.</p>" in html
    assert '<td class="">Kanji</td><td class="n">1,204</td><td class="n">91.2 %</td>' in html
    picture = base64.b64encode(SECTION.pictures[0].content).decode()
    assert f'alt="a sign with two lines" src="data:image/png;base64,{picture}"' in html


def test_pictures_are_on_the_page_and_not_in_the_file_for_programs(signs: dict[str, Any], tmp_path: Path) -> None:
    write(signs, tmp_path, [SECTION])
    assert "data:image/png" in (tmp_path / "report.html").read_text()
    (told,) = msgspec.json.decode((tmp_path / "report.json").read_bytes())["sections"]
    assert told["pictures"] == [{"alt": "a sign with two lines", "caption": "Read right, both lines."}]
    assert told["tables"][0]["head"] == ["script", "lines", "right"]


@pytest.mark.usefixtures("plain")
def test_a_page_without_the_pictures_says_what_they_show(signs: dict[str, Any]) -> None:
    html = page(signs)
    assert "<img" not in html
    assert "a sign with two lines" in html


@pytest.mark.usefixtures("plain")
def test_the_text_of_a_section_is_escaped(signs: dict[str, Any]) -> None:
    attack = '<script>alert(1)</script>"'
    picture = Picture(attack, attack, png(1, 1))
    section = Section(attack, attack, (Rows((attack,), ((attack,),)),), (picture,))
    html = page(signs | {"sections": [section]})
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;") == 6


@pytest.mark.usefixtures("plain")
def test_what_is_no_picture_is_refused(signs: dict[str, Any]) -> None:
    section = Section("Drawn", pictures=(Picture("a drawing", "", b"<svg onload=a()></svg>"),))
    with pytest.raises(DataError, match="neither PNG nor JPEG"):
        page(signs | {"sections": [section]})


def test_a_row_with_fewer_cells_than_the_head_is_refused(signs: dict[str, Any]) -> None:
    section = Section("Counts", tables=(Rows(("script", "lines"), (("Kanji",),)),))
    with pytest.raises(DataError, match="fewer or more cells"):
        page(signs | {"sections": [section]})


def test_the_summary_is_told_in_its_own_words(signs: dict[str, Any]) -> None:
    assert summary(signs)
