"""Pages are served by exact name, with a strict policy."""

import pytest

from afield.serving.pages import Pages


@pytest.fixture
def pages() -> Pages:
    return Pages("afield:reporting/templates")


def test_a_file_is_found_by_its_name(pages: Pages) -> None:
    reply = pages.find("/templates/report.html")
    assert reply is not None
    assert reply.kind == "text/html; charset=utf-8"
    assert "script-src 'self'" in dict(reply.headers)["content-security-policy"]


@pytest.mark.parametrize("path", ["/templates/../page.py", "/templates/nothing.html", "/", "/templates"])
def test_what_was_not_read_at_the_start_is_not_there(pages: Pages, path: str) -> None:
    assert pages.find(path) is None


def test_a_folder_that_was_not_made_gives_no_pages() -> None:
    assert Pages("afield:no_such_folder").find("/no_such_folder/") is None


def test_no_place_gives_no_pages() -> None:
    assert Pages("").find("/") is None
