"""Releases that the page takes over, and those that it refuses."""

import re
from pathlib import Path
from typing import Any

import pytest

from afield.release.signing import Signer, Statement, sign_statement
from apps.signs.tests.phone.conftest import Content
from apps.signs.tests.phone.site import START, Site
from apps.signs.tests.phone.visit import come_back, read_by_camera, ready, updated

pytestmark = pytest.mark.slow


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
    updated(page, site)

    site.champion, site.order = second, ""
    come_back(page)

    page.get_by_role("alert").filter(has_text="older than 3").wait_for()
    assert page.locator("#release").inner_text() == first[:12]
