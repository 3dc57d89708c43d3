"""`afield serve --design`: what goes together, and products that answer without a supervisor."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from afield.application import Application
from afield.cli import VERBS, run
from afield.commands.product import product
from afield.control.process import serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ServingError
from afield.home import Home
from afield.hosting import Remote
from tests.control.loads import until
from tests.workshop.village import UNTIL, copied

BODY = f'{{"pickup_location": 3, "order_time": "{UNTIL.isoformat()}"}}'.encode()


def say(_: str) -> None:
    """Tells nobody; a module's function, for it goes to another process."""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--design", "client"], "needs --upstream URL"),
        (["--design", "static", "--upstream", "http://127.0.0.1:1"], "--upstream does nothing with --design static"),
        (["--cache", "valkey://127.0.0.1:1"], "it belongs to --design cached"),
        (["--design", "everywhere"], "server"),
        (["--design", "cached", "--cache", "foo://u:secret@h/0"], "no URL of a Valkey or Redis"),
        (["--design", "cached", "--cache", "valkey://u:se/cret@h"], "no URL of a Valkey or Redis"),
        (["--design", "cached", "--cache", "valkey://h/0?secret=1"], "no URL of a Valkey or Redis"),
        (["--design", "hybrid", "--upstream", "ftp://x"], "'ftp://x' is no address of a service"),
        (["--design", "client", "--upstream", "http://u:secret@x"], "'x' is no address of a service"),
        (
            ["--design", "client", "--upstream", "http://x", "--upstream-token", "/nope"],
            "token file /nope cannot be read",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], told: str
) -> None:
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path))
    assert run(["serve", "afield.testing.toy:toy", *arguments], VERBS) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert told in said
    assert not any(part in said for part in ("secret", "cret@", "Traceback"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_release_compiled_into_the_product_answers_without_a_service(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    office = copied(tmp_path_factory.getbasetemp(), tmp_path)
    terms = Terms(port=free_port(), design="static")
    with product(office.application, tmp_path, terms):
        answer = Remote(f"http://127.0.0.1:{terms.port}", "quote").ask(BODY)
        assert (answer.release, answer.applied) == (office.actions.state.champion, ("static:dry",))
    with pytest.raises(ServingError):
        Remote(f"http://127.0.0.1:{terms.port}", "quote").ask(BODY)


@pytest.mark.slow
def test_a_device_fetches_its_release_and_answers_when_the_service_is_gone(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    office = copied(tmp_path_factory.getbasetemp(), tmp_path)
    champion = office.actions.state.champion
    up, here = Terms(port=free_port(), by_events=True), Terms(port=free_port(), design="hybrid")
    there = Remote(f"http://127.0.0.1:{here.port}", "quote")
    with product_after_its_service(office.application, tmp_path, up, here, champion):
        assert there.ask(BODY).id
    with pytest.raises(ServingError):
        there.ask(BODY)


@contextmanager
def product_after_its_service(
    application: Application, root: Path, up: Terms, here: Terms, champion: str
) -> Iterator[None]:
    """A product that has fetched its release, and whose service has ended."""
    with ExitStack() as stack:
        with serving("surge", application.options, root, up, say) as service:
            stack.enter_context(product(application, root, replace(here, upstream=service.url)))
            folder = Home.of(root, application).folder / here.design / "bundles" / champion
            until(folder.is_dir)
        yield
