"""What a person does with the page, and the states that a test waits for: never a time."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from apps.signs.tests.phone.conftest import VECTORS
from apps.signs.tests.phone.site import CHAMPION, Site
from signs.sights import VerdictFact

IDLE = "navigator.locks.query().then(({ held, pending }) => !held.length && !pending.length)"


def until(page: Any, holds: Callable[[], bool]) -> None:
    """Wait until something holds, 60 s at most."""
    for _ in range(1200):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come to hold within a minute")


def settled(page: Any) -> None:
    """Wait until the page neither delivers nor takes over a release: both are done under locks."""
    until(page, lambda: page.evaluate(IDLE))


def ready(page: Any) -> None:
    """Wait until the page can read, and holds its release for the next start."""
    page.get_by_text(re.compile("^Ready")).wait_for()
    settled(page)


def come_back(page: Any) -> None:
    """What a browser tells a page when a network is there again; what it is about comes to its end before."""
    settled(page)
    page.evaluate("dispatchEvent(new Event('online'))")


def updated(page: Any, site: Site) -> None:
    """Let the page deliver what waits, ask what the server says now, and act on it."""
    site.asked.clear()
    come_back(page)
    until(page, lambda: CHAMPION in site.asked)
    settled(page)


def installed(page: Any) -> None:
    """Wait until the page itself is kept on the device."""
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")


def read_by_camera(page: Any) -> None:
    """Read what the camera sees."""
    page.locator("#shutter:not([disabled])").click()
    page.locator("#lines li").first.wait_for()
    page.locator("#shutter:not(.busy)").wait_for()


def choose(page: Any, name: str) -> None:
    """Read a picture of the vectors."""
    page.locator("#file:not([disabled])").set_input_files(VECTORS / f"{name}.png")
    page.locator("#summary:not(:empty)").wait_for()
    page.locator("#shutter:not(.busy)").wait_for()


def verdicts(site: Site) -> list[VerdictFact]:
    """What people said, as the service decodes it."""
    facts = [fact for ingest in site.ingests for fact in ingest.facts if fact.kind == "verdict"]
    return [msgspec.convert(fact.fields, VerdictFact) for fact in facts]
