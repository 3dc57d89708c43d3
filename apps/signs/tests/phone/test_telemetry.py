"""What the phone sends: once each by id, dated right, without a picture or a text."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from afield.release.canonical import canonical
from apps.signs.tests.phone.site import Site
from apps.signs.tests.phone.visit import come_back, read_by_camera, ready, until, updated, verdicts

pytestmark = pytest.mark.slow


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
    updated(page, site)

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


def test_taking_the_picture_again_at_once_counts_against_what_was_shown(page: Any, site: Site) -> None:
    ready(page)
    page.evaluate("performance.now = () => 0")  # "at once", however long this machine takes
    read_by_camera(page)

    page.get_by_role("button", name="Again").click()
    until(page, lambda: bool(verdicts(site)))

    assert {(each.how, each.right, each.asked) for each in verdicts(site)} == {("retaken", 0, False)}
