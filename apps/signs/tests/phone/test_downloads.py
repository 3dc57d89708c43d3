"""Files of a release on their way to the phone."""

from typing import Any

import pytest

from apps.signs.tests.phone.conftest import Content
from apps.signs.tests.phone.site import Site
from apps.signs.tests.phone.visit import come_back, ready, settled, until

pytestmark = pytest.mark.slow
CUT = 400_000
REST = f"bytes={CUT}-{CUT + 2**20 - 1}"
# Bytes of the newest reply that the page has read. What is on its way to the page when a line breaks is lost with it.
COUNTED = """
globalThis.arrived = 0;
let newest;
const { read } = ReadableStreamDefaultReader.prototype;
ReadableStreamDefaultReader.prototype.read = async function () {
  const piece = await read.call(this);
  if (newest !== this) [newest, arrived] = [this, 0];
  arrived += piece.value?.length ?? 0;
  return piece;
};
"""


def test_a_download_that_broke_off_goes_on_where_it_stopped_after_the_page_was_closed(context: Any, site: Site) -> None:
    site.cut = CUT
    page = context.new_page()
    page.add_init_script(COUNTED)
    page.goto(f"{site.url}/phone/")
    until(page, lambda: site.halted != "" and page.evaluate("arrived") == CUT)
    site.dead.set()

    def asks_for_the_rest() -> bool:
        come_back(page)
        return (site.halted, REST) in site.ranges

    # Only what the page has kept can tell it where to go on; it is given nothing more.
    until(page, asks_for_the_rest)
    settled(page)
    page.close()
    site.cut = None
    site.ranges.clear()

    again = context.new_page()
    again.goto(f"{site.url}/phone/")
    ready(again)

    assert next(asked for path, asked in site.ranges if path == site.halted) == REST


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
