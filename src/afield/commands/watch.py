"""`afield watch`: the loop as a daemon, one leader for each application, the next waiting to take over."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from afield.application import load
from afield.beside.watching import Beside
from afield.commands.output import Context, progress, result
from afield.control.controller import Controller
from afield.control.office import Office, open_office
from afield.control.rehearsal import Rehearsals
from afield.control.stopping import leave_by_signal, stop_by_signal
from afield.control.terms import Terms
from afield.errors import UsageError
from afield.serving.access import access
from afield.serving.config import is_loopback
from afield.telemetry.claims import claim_any

WRITER = "controller"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Hearing:
    """Where CloudEvents are taken, from whom, and what they are compared with."""

    address: str = "127.0.0.1"
    """of --beside: where CloudEvents are taken; beyond loopback a token with the role operate is needed"""
    port: Annotated[int, Parameter(validator=Number(gte=1, lte=65535))] = 8500
    """of --beside: where CloudEvents are taken"""
    host: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    """of --beside: a further name by which they may be sent (Host); may be given several times"""
    token: Path | None = None
    """of --beside: file of tokens, or of one plain token; left out: those that `afield token` made"""
    reference: Path | None = None
    """of --beside: rows of a good time, Parquet or CSV; left out: the first chunk with outcomes"""


def run(
    app: str,
    /,
    *,
    events_clock: Annotated[bool, Parameter(negative="")] = False,
    beside: Annotated[bool, Parameter(negative="")] = False,
    hearing: Hearing = Hearing(),
    context: Context,
    **options: str,
) -> None:
    """Monitor, select, retrain and roll out, for ever: the control plane without workers of its own.

    It leads the application under a lease in the ledger. Where another controller leads, this one waits and takes
    over when that one ends, at once where it died on this machine, else within ten seconds; it goes on where that
    one was. `afield serve APP --join HOME` answers beside it, as many of them as you like. The rollback is rehearsed
    on a copy of the service for each new champion and once a week; `afield release history APP` shows how long it
    took. SIGTERM or Ctrl-C ends it in order.

    Args:
        app: name of the application.
        events_clock: domain time follows the events' watermark: for `afield replay`.
        beside: watch a service that Afield does not run: it sends CloudEvents to /v1/cloudevents.
        hearing: of --beside: where they are taken, from whom, and what they are compared with.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.

    Raises:
        UsageError: options do not go together.
    """
    if beside and events_clock:
        raise UsageError("--events-clock is for a service that Afield runs: leave it, or leave --beside")
    if hearing != Hearing() and not beside:
        raise UsageError("--reference, --address, --port, --host and --token belong to --beside")
    leave_by_signal()
    office = open_office(load(app, options), context.home, progress)
    if beside:
        watch_beside(office, hearing, context)
        return
    watch(office, Terms(by_events=events_clock, fed=True), context)
    progress("stopped; everything accepted is kept")


def watch_beside(office: Office, hearing: Hearing, context: Context) -> None:
    """Take CloudEvents and watch what they say, until SIGTERM or Ctrl-C.

    Raises:
        ServingError: it could be reached by others, and no token is in force; or it cannot listen there.
        UsageError: the reference cannot be read.
    """
    loopback, tokens = is_loopback(hearing.address), hearing.token or office.home.tokens
    let_in = access((hearing.address, *hearing.host), str(tokens), loopback=loopback)
    stop = threading.Event()
    stop_by_signal(stop.set)
    Beside(office, hearing.reference).run(
        hearing.address, hearing.port, let_in, stop,
        lambda url: result(context, {"url": url}, f"watching beside; CloudEvents are taken at {url}"),
    )  # fmt: skip
    progress("stopped; everything accepted is kept")


def watch(office: Office, terms: Terms, context: Context) -> None:
    """Watch until SIGTERM or Ctrl-C.

    Raises:
        AfieldError: there is no release yet, or the ledger cannot be used.
    """
    stop = threading.Event()
    controller = Controller(office, terms, claim_any(office.home.telemetry, WRITER))
    rehearsals = threading.Thread(target=Rehearsals(office, controller.lead).run, args=(stop,), name="rehearsals")
    stop_by_signal(stop.set)
    rehearsals.start()
    try:
        called = office.application.called
        result(context, {"watching": called, "home": office.home.folder}, f"watching {called}; Ctrl-C stops it")
        controller.supervise(stop)
    finally:
        stop.set()
        rehearsals.join()
        controller.stop()
