"""The phone's page in a browser: with a camera, offline, with releases not to be trusted, and on reconnecting."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from afield.records.release import Part
from afield.release.canonical import canonical
from afield.release.signing import Signer, Statement, sign_statement
from apps.signs.tests.phone.conftest import VECTORS
from apps.signs.tests.phone.site import START, Site
from signs.operating import VerdictFact

Content = tuple[dict[str, bytes], tuple[Part, ...]]
pytestmark = pytest.mark.slow


def ready(page: Any) -> None:
    page.get_by_text(re.compile("^Ready")).wait_for()


def read_by_camera(page: Any) -> None:
    page.locator("#shutter:not([disabled])").click()
    page.locator("#lines li").first.wait_for()


def choose(page: Any, name: str) -> None:
    page.locator("#file:not([disabled])").set_input_files(VECTORS / f"{name}.png")
    page.locator("#summary:not(:empty)").wait_for()
    page.locator("#shutter:not(.busy)").wait_for()


def until(page: Any, holds: Callable[[], bool]) -> None:
    """Wait until something holds at the server, 15 s at most."""
    for _ in range(150):
        if holds():
            return
        page.wait_for_timeout(100)
    pytest.fail("it did not come to hold within 15 seconds")


def verdicts(site: Site) -> list[VerdictFact]:
    """What people said, as the service decodes it."""
    facts = [fact for ingest in site.ingests for fact in ingest.facts if fact.kind == "verdict"]
    return [msgspec.convert(fact.fields, VerdictFact) for fact in facts]


def come_back(page: Any) -> None:
    """What a browser tells a page when a network is there again."""
    page.evaluate("dispatchEvent(new Event('online'))")


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


def test_after_the_first_visit_it_works_without_a_network(context: Any, page: Any, site: Site) -> None:
    ready(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    site.down = True
    context.set_offline(True)

    page.reload()
    page.get_by_text("Ready, offline").wait_for()
    read_by_camera(page)

    assert page.locator("#lines li", has_text="現金のみ").count() == 1


def test_the_mode_that_the_server_told_last_holds_without_a_network(context: Any, page: Any, site: Site) -> None:
    ready(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    site.mode = "off"
    site.asked.clear()
    come_back(page)
    until(page, lambda: "/v1/bundles/champion" in site.asked)
    page.wait_for_timeout(300)
    site.down = True
    context.set_offline(True)

    page.reload()
    page.get_by_text("Ready, offline").wait_for()
    read_by_camera(page)

    item = page.locator("#lines li", has_text="現金のみ")
    assert item.locator(".english").count() == 0
    assert "switched off at the moment" in item.inner_text()


def test_in_mode_prompt_every_translation_has_a_question_mark(page: Any, site: Site) -> None:
    ready(page)
    site.mode = "prompt"
    site.asked.clear()
    come_back(page)
    until(page, lambda: "/v1/bundles/champion" in site.asked)
    page.wait_for_timeout(300)

    read_by_camera(page)
    until(page, lambda: bool(site.telemetry))

    english = page.locator("#lines .english").all_inner_texts()
    assert english
    assert all(each.endswith("?") for each in english)
    assert [event.mode for batch in site.telemetry for event in batch.events] == ["prompt"]


def test_a_release_that_was_changed_on_the_way_is_refused(context: Any, site: Site) -> None:
    site.changed = lambda content: content.replace(b'"cer":0.05', b'"cer":0.01')
    page = context.new_page()

    page.goto(f"{site.url}/phone/")

    page.get_by_role("alert").filter(has_text="has been changed").wait_for()
    assert page.locator("#shutter").is_disabled()


def test_a_broken_signature_is_refused_and_the_release_before_stays(
    page: Any, site: Site, content: Content, tmp_path: Path
) -> None:
    ready(page)
    kept = page.locator("#release").inner_text()
    stranger = Signer(tmp_path / "stranger.pem")

    site.release(*content, sequence=2, signer=stranger)
    come_back(page)

    page.get_by_role("alert").filter(has_text="does not trust").wait_for()
    assert page.locator("#release").inner_text() == kept
    read_by_camera(page)


def test_a_forged_signature_of_a_trusted_key_is_refused(page: Any, site: Site, content: Content) -> None:
    ready(page)
    site.release(*content, sequence=2)
    forge = re.compile(rb'"signature":"[0-9a-f]{8}')
    site.changed = lambda answer: forge.sub(b'"signature":"00000000', answer)

    come_back(page)

    page.get_by_role("alert").filter(has_text="does not fit").wait_for()


def test_a_model_that_was_changed_on_the_way_is_refused(context: Any, site: Site) -> None:
    site.changed = lambda content: content[:-1] + b"!" if len(content) > 10**6 else content
    page = context.new_page()

    page.goto(f"{site.url}/phone/")

    page.get_by_role("alert").filter(has_text="has been changed or cut short").wait_for()


def test_a_newer_release_takes_over_and_an_older_one_only_with_a_signed_rollback(
    page: Any, site: Site, content: Content
) -> None:
    ready(page)
    first = site.champion
    second = site.release(*content, sequence=2)
    come_back(page)
    page.locator("#release", has_text=second[:12]).wait_for()

    site.champion = first
    come_back(page)
    page.get_by_role("alert").filter(has_text="older than 2").wait_for()
    assert page.locator("#release").inner_text() == second[:12]

    site.order = sign_statement(Statement("rollback", "signs", first, 3, START), site.signer).decode()
    come_back(page)
    page.locator("#release", has_text=first[:12]).wait_for()
    read_by_camera(page)


def test_after_a_rollback_the_release_that_was_taken_back_is_refused(page: Any, site: Site, content: Content) -> None:
    ready(page)
    first = site.champion
    second = site.release(*content, sequence=2)
    site.champion = first
    site.order = sign_statement(Statement("rollback", "signs", first, 3, START), site.signer).decode()
    site.asked.clear()
    come_back(page)
    until(page, lambda: "/v1/bundles/champion" in site.asked)
    page.wait_for_timeout(300)

    site.champion, site.order = second, ""
    come_back(page)

    page.get_by_role("alert").filter(has_text="older than 3").wait_for()
    assert page.locator("#release").inner_text() == first[:12]


def test_a_download_that_broke_off_goes_on_where_it_stopped_after_the_page_was_closed(context: Any, site: Site) -> None:
    site.cut = 400_000
    page = context.new_page()
    page.goto(f"{site.url}/phone/")
    page.get_by_text("Connect once").wait_for()
    until(page, lambda: len(site.ranges) > 0)
    page.close()
    broken, first = site.ranges[-1]
    assert first.startswith("bytes=0-")
    site.cut = None
    site.ranges.clear()

    again = context.new_page()
    again.goto(f"{site.url}/phone/")
    ready(again)

    assert next(asked for path, asked in site.ranges if path == broken).startswith("bytes=400000-")


def test_only_files_that_changed_are_fetched_again(page: Any, site: Site, content: Content) -> None:
    ready(page)
    files, parts = content
    site.asked.clear()

    second = site.release(
        {**files, "tables/phrases.json": b'{"languages":{}}'.replace(b"}}", b'},"schema":1}')}, parts, sequence=2
    )
    come_back(page)
    page.locator("#release", has_text=second[:12]).wait_for()

    assert sum(path.startswith(f"/v1/bundles/{second}/") for path in site.asked) == 1


def test_corrections_made_offline_are_delivered_once_each(context: Any, page: Any, site: Site) -> None:
    ready(page)
    site.down = True
    context.set_offline(True)
    read_by_camera(page)
    item = page.locator("#lines li").filter(has_text="現金のみ")
    item.get_by_role("button", name="This is wrong").click()
    item.get_by_label("In English").fill("Cash only, please")
    item.get_by_role("button", name="Send correction").click()
    item.get_by_text("Your correction is noted").wait_for()
    assert site.ingests == []

    site.down = False
    context.set_offline(False)
    come_back(page)
    page.locator("#waiting", has_text=re.compile("^0$")).wait_for()
    come_back(page)
    page.wait_for_timeout(300)

    assert not any(ingest.outcomes for ingest in site.ingests)
    facts = [fact for ingest in site.ingests for fact in ingest.facts]
    told = verdicts(site)
    assert [(each.how, each.right) for each in told] == [("tapped_wrong", 0), ("edited", 1)]
    assert (told[1].text, told[1].english) == ("現金のみ", "Cash only, please")
    assert len({fact.id for fact in facts}) == len(facts)
    events = [event for batch in site.telemetry for event in batch.events]
    assert len(events) == 1
    assert {fact.id.split("/")[0] for fact in facts if fact.kind == "line"} == {events[0].id}


def test_what_was_sent_but_not_acknowledged_is_sent_again_with_the_same_ids(page: Any, site: Site) -> None:
    ready(page)
    site.mute = True
    read_by_camera(page)
    until(page, lambda: bool(site.telemetry))

    site.mute = False
    come_back(page)
    page.locator("#waiting", has_text=re.compile("^0$")).wait_for()

    ids = [event.id for batch in site.telemetry for event in batch.events]
    assert len(ids) > 1
    assert len(set(ids)) == 1


def test_what_people_say_is_dated_by_the_server_where_the_device_s_clock_is_a_year_behind(
    context: Any, site: Site
) -> None:
    context.clock.set_fixed_time(datetime.now() - timedelta(days=365))
    page = context.new_page()
    page.goto(f"{site.url}/phone/")
    ready(page)
    read_by_camera(page)
    page.locator("#lines li").filter(has_text="現金のみ").get_by_role("button", name="This is wrong").click()
    until(page, lambda: bool(verdicts(site)))

    (fact,) = [fact for ingest in site.ingests for fact in ingest.facts if fact.kind == "verdict"]
    assert abs(fact.at - datetime.now()) < timedelta(hours=1)


def test_no_pixel_and_no_text_leaves_the_device_in_telemetry(page: Any, site: Site) -> None:
    ready(page)
    read_by_camera(page)
    until(page, lambda: bool(site.ingests))

    sent = canonical(site.telemetry).decode() + canonical(site.ingests).decode()

    assert "現金" not in sent
    assert "image" not in sent
    assert {fact.kind for ingest in site.ingests for fact in ingest.facts} == {"line"}


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


def test_taking_the_picture_again_at_once_counts_against_what_was_shown(page: Any, site: Site) -> None:
    ready(page)
    read_by_camera(page)

    page.get_by_role("button", name="Again").click()
    until(page, lambda: bool(verdicts(site)))

    assert {(each.how, each.right, each.asked) for each in verdicts(site)} == {("retaken", 0, False)}


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
