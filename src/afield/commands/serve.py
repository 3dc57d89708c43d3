"""`afield serve`: the prediction service, workers and supervisor, until it is stopped."""

import signal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from afield.application import load
from afield.commands.output import Context, progress, result
from afield.commands.product import product
from afield.control.office import open_office
from afield.control.service import Terms, running
from afield.errors import UsageError
from afield.live import live
from afield.serving.config import Design
from afield.serving.tokens import is_plain, read_tokens

HOST_HELP = "a further name by which clients may call it (Host, Origin); may be given several times"
FILE_HELP = "file of tokens, or of one plain token; left out: those that `afield token` made"
DESIGN_HELP = "where the model lives: server, cached, client, hybrid or static"
UPSTREAM_HELP = "of client and hybrid: address of the service that they fetch from and send to"
CACHE_HELP = "of cached: a Valkey or Redis, e.g. valkey://127.0.0.1:6379/0; left out: the workers' memory"
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
    design: Annotated[Design, Parameter(help=DESIGN_HELP)] = "server",
    upstream: Annotated[str, Parameter(help=UPSTREAM_HELP)] = "",
    upstream_token: Annotated[Path | None, Parameter(help="file with the token that is sent there")] = None,
    cache: Annotated[str, Parameter(help=CACHE_HELP)] = "",
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
        design: where the model lives; nothing else of the application changes.
        upstream: address of the service that client and hybrid speak to.
        upstream_token: file with the token that is sent there.
        cache: URL of the Valkey or Redis of the cached design.
        events_clock: domain time follows the events' watermark instead of the wall clock.
        traffic: let generated traffic run beside it.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    application = load(app, options)
    if token is not None and is_plain(read_tokens(token)):
        progress(f"{token} holds one plain token: it may do everything, for ever. Better: afield token new {app} NAME")
    _check(design, upstream, cache)
    terms = Terms(
        address=address,
        port=port,
        workers=workers,
        hosts=host,
        token=token,
        by_events=events_clock,
        design=design,
        cache=cache,
    )
    if design in ("client", "hybrid", "static"):
        with product(application, context.home, terms, upstream, upstream_token) as running_there:
            signal.signal(signal.SIGTERM, lambda _number, _frame: running_there.terminate())
            signal.signal(signal.SIGINT, lambda _number, _frame: running_there.terminate())
            _ready(context, f"http://{address}:{port}")
            running_there.wait()
        progress("stopped; what was not sent yet is kept")
        return
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


def _check(design: Design, upstream: str, cache: str) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: an address is missing, or of no use to this design.
    """
    if bool(upstream) != (design in ("client", "hybrid")):
        need = "needs --upstream URL, the service that it fetches from" if not upstream else "speaks to no --upstream"
        raise UsageError(f"--design {design} {need}")
    if cache and design != "cached":
        raise UsageError(f"--design {design} keeps no cache; --cache belongs to --design cached")


def _ready(context: Context, url: str) -> None:
    result(context, {"url": url}, f"serving at {url}; Ctrl-C stops it")
