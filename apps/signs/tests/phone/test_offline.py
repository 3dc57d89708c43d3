"""The page without a network, and the mode that the server told last."""

from typing import Any

import pytest

from apps.signs.tests.phone.site import Site
from apps.signs.tests.phone.visit import installed, read_by_camera, ready, until, updated

pytestmark = pytest.mark.slow


def test_after_the_first_visit_it_works_without_a_network(context: Any, page: Any, site: Site) -> None:
    ready(page)
    installed(page)
    site.down = True
    context.set_offline(True)

    page.reload()
    page.get_by_text("Ready, offline").wait_for()
    read_by_camera(page)

    assert page.locator("#lines li", has_text="現金のみ").count() == 1


def test_the_mode_that_the_server_told_last_holds_without_a_network(context: Any, page: Any, site: Site) -> None:
    ready(page)
    installed(page)
    site.mode = "off"
    updated(page, site)
    site.down = True
    context.set_offline(True)

    page.reload()
    page.get_by_text("Ready, offline").wait_for()
    read_by_camera(page)

    item = page.locator("#lines li", has_text="現金のみ")
    assert item.locator(".english").count() == 0
    assert "switched off at the moment" in item.inner_text()


def test_the_mode_of_a_slice_holds_its_lines_on_the_device_and_no_others(page: Any, site: Site) -> None:
    ready(page)
    site.slices = {"ja": "prompt", "ko": "off"}
    updated(page, site)

    read_by_camera(page)

    item = page.locator("#lines li", has_text="現金のみ")
    assert item.locator(".english").inner_text().endswith("?")
    assert "such lines are only suggested at the moment" in item.inner_text()


def test_in_mode_prompt_every_translation_has_a_question_mark(page: Any, site: Site) -> None:
    ready(page)
    site.mode = "prompt"
    updated(page, site)

    read_by_camera(page)
    until(page, lambda: bool(site.telemetry))

    english = page.locator("#lines .english").all_inner_texts()
    assert english
    assert all(each.endswith("?") for each in english)
    assert [event.mode for batch in site.telemetry for event in batch.events] == ["prompt"]
