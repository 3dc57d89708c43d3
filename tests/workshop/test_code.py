"""The digest of the code that a build runs."""

from pathlib import Path

import pytest

from afield.workshop import code
from afield.workshop.code import LIBRARIES, code_digest, environment


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "corner_shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "building.py").write_text("SIZE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_the_same_code_has_the_same_digest(package: Path) -> None:
    assert code_digest("corner_shop") == code_digest("corner_shop")


def test_a_changed_line_a_new_file_or_a_renamed_one_changes_it(package: Path) -> None:
    seen = [code_digest("corner_shop")]
    (package / "building.py").write_text("SIZE = 2\n")
    seen.append(code_digest("corner_shop"))
    (package / "extra.py").write_text("")
    seen.append(code_digest("corner_shop"))
    (package / "extra.py").rename(package / "other.py")
    seen.append(code_digest("corner_shop"))
    assert len(set(seen)) == 4


def test_a_data_file_of_the_package_changes_it(package: Path) -> None:
    before = code_digest("corner_shop")
    (package / "phrases.tsv").write_text("pain\tbread")
    assert code_digest("corner_shop") != before


def test_pages_and_bytecode_change_nothing(package: Path) -> None:
    before = code_digest("corner_shop")
    for folder in ("pages", "__pycache__"):
        (package / folder).mkdir(exist_ok=True)
        (package / folder / "made").write_text("by somebody else")
    assert code_digest("corner_shop") == before


def test_what_an_application_asks_for_is_part_of_its_environment() -> None:
    assert "rapidocr" in environment("signs")
    assert "afield" not in environment("signs")


def test_another_version_of_a_library_that_decides_numbers_changes_it(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_digest("corner_shop")
    monkeypatch.setattr(code, "version", lambda _: "99.0")
    assert code_digest("corner_shop") != before
    assert environment() == dict.fromkeys(LIBRARIES, "99.0")


def test_a_library_that_is_not_installed_is_said_to_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "LIBRARIES", ("no-such-library",))
    assert environment() == {"no-such-library": "absent"}
