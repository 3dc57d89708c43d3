"""What `afield serve` starts where the design has no supervisor: client, hybrid, static."""

import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from afield.application import Application
from afield.commands.output import progress
from afield.control.office import open_office
from afield.control.service import Terms
from afield.errors import ServingError
from afield.exchange.compiling import compile_release
from afield.home import Home
from afield.serving.config import Config
from afield.serving.launch import await_ready, launch
from afield.serving.tokens import digest_of

PATIENCE = 20.0


@contextmanager
def product(
    application: Application, root: Path, terms: Terms, upstream: str, token: Path | None
) -> Iterator["subprocess.Popen[bytes]"]:
    """The process that answers in a design without a supervisor; it is stopped at the end.

    Raises:
        AfieldError: it does not start; its log says why.
    """
    home = Home.of(root, application)
    own = f"own-{secrets.token_urlsafe(32)}"
    config = _config(application, home, terms, upstream, token)
    config = msgspec.structs.replace(config, own=digest_of(own))
    log = home.folder / f"{terms.design}.log"
    process = launch(config, home.folder / f"{terms.design}.json", log)
    try:
        try:
            await_ready(config, process, token=own)
        except ServingError as error:
            raise ServingError(f"{error}; its log: {log}") from error
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()


def _config(application: Application, home: Home, terms: Terms, upstream: str, token: Path | None) -> Config:
    folder = home.folder / terms.design
    bundles = _compiled(application, home) if terms.design == "static" else folder / "bundles"
    return Config(
        application=application.called,
        options=dict(application.options),
        snapshots=str(folder / "snapshots"),
        bundles=str(bundles),
        trusted=str(home.trusted),
        facts=str(folder / "facts"),
        telemetry=str(folder / "telemetry"),
        counts=str(folder / "counts"),
        address=terms.address,
        port=terms.port,
        hosts=terms.hosts,
        token=str(terms.token or home.tokens),
        design=terms.design,
        upstream=upstream,
        upstream_token=str(token or ""),
        log=terms.log,
    )


def _compiled(application: Application, home: Home) -> Path:
    """The folder of the champion, compiled; made where it is not there yet.

    Raises:
        ServingError: there is no champion.
        ReleaseError: it cannot be compiled.
    """
    office = open_office(application, home.root, progress)
    digest = office.actions.state.champion
    if not digest:
        raise ServingError(f"{application.name} has no release to compile yet; run: afield build {application.called}")
    folder = home.folder / "static" / digest
    if not folder.is_dir():
        progress(f"compiling release {digest[:12]}")
        draft = folder.with_name(f".{digest}.partial")
        for name, content in compile_release(office, digest).items():
            target = draft / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        draft.rename(folder)
    return folder
