"""What the page shows of a picture, from the device and from the server; and that a finger and a reader can use it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from apps.signs.tests.phone.site import Site
from apps.signs.tests.phone.visit import choose, read_by_camera, ready

pytestmark = pytest.mark.slow


def test_what_the_camera_sees_is_read_and_translated_on_the_device(page: Any, site: Site) -> None:
    ready(page)

    read_by_camera(page)

    item = page.locator("#lines li").filter(has_text="現金のみ")
    assert item.locator(".english").inner_text().startswith("Cash only")
    assert item.locator(".read").get_attribute("lang") == "ja"
    assert "phrasebook" in item.locator(".reason").inner_text()
    assert page.locator("#overlay .label", has_text="Cash only").is_visible()
    assert site.read == []


def test_a_picture_is_read_as_the_camera_is(page: Any) -> None:
    ready(page)

    choose(page, "vertical")

    assert page.locator("#lines .read").all_inner_texts() == ["立入禁止", "Ausgang"]


def test_a_picture_without_text_says_so(page: Any) -> None:
    ready(page)

    choose(page, "empty")

    assert "No text was found" in page.locator("#summary").inner_text()


def test_what_is_no_picture_is_refused_in_words(page: Any, tmp_path: Path) -> None:
    ready(page)
    (tmp_path / "sign.jpg").write_bytes(b"not a picture")

    page.locator("#file:not([disabled])").set_input_files(tmp_path / "sign.jpg")

    page.get_by_role("alert").filter(has_text="not a picture that can be read").wait_for()


def test_the_server_is_asked_where_the_device_is_unsure(page: Any, site: Site) -> None:
    def reads(body: dict[str, object]) -> bytes:
        line = {
            "id": "cloud/0", "box": [[75, 197], [301, 197], [301, 292], [75, 292]], "text": "비상구", "language": "ko",
            "english": "Emergency exit", "source": "phrasebook", "reason": "a phrase of the phrasebook",
            "confidence": 0.97, "mode": "automate", "vertical": False, "script": "hangul", "ask": False,
        }  # fmt: skip
        return json.dumps({"id": "cloud", "release": "r", "mode": "automate", "reason": "", "content": [line]}).encode()

    site.reads = reads
    ready(page)

    choose(page, "mixed")

    page.locator("#lines li", has_text="Emergency exit").wait_for()
    assert "server" in page.locator("#summary").inner_text()
    assert set(site.read[0]) == {"device", "at", "place", "image"}


def test_the_server_is_not_asked_where_the_traveller_says_no(page: Any, site: Site) -> None:
    ready(page)
    page.get_by_label("Ask the server").uncheck()

    choose(page, "mixed")

    assert "Unreadable script: Hangul".lower() in page.locator("#lines").inner_text().lower()
    assert site.read == []


def test_every_control_has_a_name_and_is_large_enough_for_a_finger(page: Any) -> None:
    ready(page)
    read_by_camera(page)

    controls = page.locator("button, select, input, label.button").all()

    for control in controls:
        if not control.is_visible() or control.get_attribute("id") == "file":
            continue
        box = control.bounding_box()
        assert box["height"] >= 40 or control.get_attribute("id") == "ask", control.evaluate("e => e.outerHTML")
    assert page.get_by_role("button", name=re.compile("This is wrong: .+")).count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
