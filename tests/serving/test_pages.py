"""Pages are served by exact name, with a strict policy."""

import sys
from pathlib import Path

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


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """A package with a page of several kinds of files, read at the start."""
    folder = tmp_path / "shop_of_pages" / "web" / "phone"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "shop_of_pages" / "__init__.py").touch()
    (tmp_path / "shop_of_pages" / "secret.txt").write_text("secret")
    (folder / "index.html").write_text("<p>open</p>")
    for name in ("run.wasm", "work.mjs", "app.webmanifest", "deep/odd.xyz123", "picture.png"):
        (folder / name).write_bytes(name.encode())
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shop_of_pages", raising=False)
    pages = Pages("shop_of_pages:web/phone")
    (folder / "late.html").write_text("late")
    return pages


def test_a_folder_is_its_index(shop: Pages) -> None:
    assert shop.find("/phone/") == shop.find("/phone/index.html")
    reply = shop.find("/phone/")
    assert reply is not None
    assert reply.body == b"<p>open</p>"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("run.wasm", "application/wasm"),
        ("work.mjs", "text/javascript; charset=utf-8"),
        ("app.webmanifest", "application/manifest+json; charset=utf-8"),
        ("picture.png", "image/png"),
        ("deep/odd.xyz123", "application/octet-stream"),
    ],
)
def test_a_file_is_told_as_what_it_is_and_browsers_may_not_guess(shop: Pages, name: str, kind: str) -> None:
    reply = shop.find(f"/phone/{name}")
    assert reply is not None
    assert (reply.kind, reply.body) == (kind, name.encode())
    headers = dict(reply.headers)
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers["etag"]) == 34


@pytest.mark.parametrize(
    "path", ["/phone/late.html", "/phone/../secret.txt", "/secret.txt", "/web/phone/", "/phone/deep/"]
)
def test_what_lies_beside_the_folder_or_came_later_is_not_served(shop: Pages, path: str) -> None:
    assert shop.find(path) is None


def test_the_tag_of_a_file_changes_with_its_content(shop: Pages) -> None:
    tags = [dict(reply.headers)["etag"] for name in ("run.wasm", "work.mjs") if (reply := shop.find(f"/phone/{name}"))]
    assert len(set(tags)) == 2
