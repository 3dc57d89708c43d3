"""Parts and files that stand in every release."""

from pathlib import Path

from afield.store.steps import Steps
from afield.workshop.plan import Companion, Standing
from afield.workshop.standing import open_standing, write_standing

STANDING = Standing(
    {
        "reader": Companion((), ("text",), b"graph of the reader", "pretrained elsewhere"),
        "language": Companion(("letters", "place"), ("en", "ja"), b"graph of languages", "fitted on words"),
    },
    {"phrases.json": b"{}", "words.bin": bytes(range(256))},
)


def test_what_is_written_is_opened_the_same(tmp_path: Path) -> None:
    write_standing(tmp_path, STANDING)
    assert open_standing(tmp_path) == STANDING


def test_nothing_stands_where_nothing_is_declared(tmp_path: Path) -> None:
    write_standing(tmp_path, Standing())
    assert open_standing(tmp_path) == Standing()


def test_it_is_made_once_for_each_state_of_code_and_libraries(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        write_standing(folder, STANDING)

    for code, libraries in (("one", "a"), ("one", "a"), ("two", "a"), ("two", "b")):
        folder = Steps(tmp_path).run("standing", {"code": code, "environment": libraries}, make)
        assert open_standing(folder) == STANDING
    assert len(made) == 3
