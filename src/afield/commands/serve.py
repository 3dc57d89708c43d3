"""`afield serve`: the prediction service, workers and supervisor, until it is stopped."""

import signal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from afield.application import load
from afield.commands.output import Context, progress, result
from afield.control.office import open_office
from afield.control.service import Terms, running
from afield.live import live
from afield.serving.tokens import is_plain, read_tokens

HOST_HELP = "a further name by which clients may call it (Host, Origin); may be given several times"
FILE_HELP = "file of tokens, or of one plain token; left out: those that `afield token` made"
LIVE_HELP = "generated traffic runs beside the service at wall-clock time; builds what it needs first"


def run(
    app: str,
    /,
    *,
    address: Annotated[str, Parameter(help="where to listen; beyond loopback a token is needed")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="where to listen")] = 8000,
    workers: Annotated[int, Parameter(help="how many processes answer")] = 1,
    host: Annotated[tuple[str, ...], Parameter(help=HOST_HELP, negative="")] = (),
    token: Annotated[Path | None, Parameter(help=FILE_HELP)] = None,
    events_clock: Annotated[
        bool, Parameter(negative="", help="domain time follows the events' watermark: for `afield replay`")
    ] = False,
    traffic: Annotated[bool, Parameter(name="--live", negative="", help=LIVE_HELP)] = False,
    context: Context,
    **options: str,
) -> None:
    """Serve the champion of an application until SIGTERM or Ctrl-C; requests under way are finished first.

    Args:
        app: name of the application.
        address: where to listen.
        port: where to listen.
        workers: how many processes answer.
        host: a further name by which clients may call it.
        token: file of tokens.
        events_clock: domain time follows the events' watermark instead of the wall clock.
        traffic: let generated traffic run beside it.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    application = load(app, options)
    if token is not None and is_plain(read_tokens(token)):
        progress(f"{token} holds one plain token: it may do everything, for ever. Better: afield token new {app} NAME")
    terms = Terms(address=address, port=port, workers=workers, hosts=host, token=token, by_events=events_clock)
    if traffic:
        application = load(app, {**application.demonstration_options, **options})
        live(application, context.home / "live", terms, progress, lambda url: _ready(context, url))
        return
    office = open_office(application, context.home, progress)
    with running(office, terms) as service:
        signal.signal(signal.SIGTERM, lambda _number, _frame: service.ask_to_stop())
        signal.signal(signal.SIGINT, lambda _number, _frame: service.ask_to_stop())
        _ready(context, service.url)
        service.supervise()
    progress("stopped; everything accepted is kept")


def _ready(context: Context, url: str) -> None:
    result(context, {"url": url}, f"serving at {url}; Ctrl-C stops it")
