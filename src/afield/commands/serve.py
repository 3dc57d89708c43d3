"""`afield serve`: the prediction service, workers and supervisor, until it is stopped."""

import re
import signal
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from afield.answering import VALKEY
from afield.application import Application, load, resolve
from afield.client.upstream import Upstream
from afield.commands.output import Context, progress, result
from afield.commands.product import Product, product
from afield.control.joining import Joined, Joining, by_folder, joined
from afield.control.office import open_office
from afield.control.service import Service, Terms, running
from afield.errors import UsageError
from afield.live import live
from afield.records.considerations import Design
from afield.serving.journal import Told
from afield.serving.scaling import processors
from afield.serving.tokens import is_plain, read_tokens
from afield.sharing.sharing import by_store, shared

HOST_HELP = "a further name by which clients may call it (Host, Origin); may be given several times"
FILE_HELP = "file of tokens, or of one plain token; left out: those that `afield token` made"
WORKERS_HELP = "how many processes answer: a number, a range that follows their load as 1-4, or auto"
JOIN_HELP = (
    "the service whose releases and facts this one follows: its AFIELD_HOME, a folder that both hosts see, or the URL "
    "that it was given by --share"
)
SHARE_HELP = "an object store (s3://…, gs://…, az://…) through which services on other hosts --join this one"
DESIGN_HELP = "where the model lives: server, cached, client, hybrid or static"
UPSTREAM_HELP = "of client and hybrid: address of the service that they fetch from and send to"
LONGEST = 600
MOST_WORKERS = 256
"""As many as can have a spool of their own."""
SUPERVISED: tuple[Design, ...] = ("server", "cached")
FETCHING: tuple[Design, ...] = ("client", "hybrid")
DEVICES: tuple[Design, ...] = (*FETCHING, "static")
BELONGS: Mapping[str, tuple[Design, ...]] = {
    "--upstream": FETCHING,
    "--upstream-token": FETCHING,
    "--cache": ("cached",),
    **dict.fromkeys(("--workers", "--otlp", "--events-clock", "--live", "--share", "--join", "--as"), SUPERVISED),
}
"""Options that not every design uses → those that do."""
WITHIN_HELP = "seconds in which a request is answered or refused; 0: 2, or 10 where it brings its own input"
CACHE_HELP = "of cached: a Valkey or Redis, e.g. valkey://127.0.0.1:6379/0; left out: the workers' memory"
OTLP_HELP = (
    "an OpenTelemetry collector (HTTP) that is sent traces and metrics, e.g. http://127.0.0.1:4318; extra afield[otlp]"
)
AUTO = "auto"
RANGE = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
LIVE_HELP = "generated traffic runs beside the service at wall-clock time; builds what it needs first"


def run(
    app: str,
    /,
    *,
    address: Annotated[str, Parameter(help="where to listen; beyond loopback a token is needed")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="where to listen: 1 to 65535", validator=Number(gte=1, lte=65535))] = 8000,
    workers: Annotated[str, Parameter(help=WORKERS_HELP)] = "1",
    share: Annotated[str, Parameter(help=SHARE_HELP)] = "",
    join: Annotated[str, Parameter(help=JOIN_HELP)] = "",
    called: Annotated[str, Parameter(name="--as", help="of --join: its name there; left out: host and port")] = "",
    host: Annotated[tuple[str, ...], Parameter(help=HOST_HELP, negative="")] = (),
    token: Annotated[Path | None, Parameter(help=FILE_HELP)] = None,
    design: Annotated[Design, Parameter(help=DESIGN_HELP)] = "server",
    upstream: Annotated[str, Parameter(help=UPSTREAM_HELP)] = "",
    upstream_token: Annotated[Path | None, Parameter(help="file with the token that is sent there")] = None,
    cache: Annotated[str, Parameter(help=CACHE_HELP)] = "",
    log: Annotated[Told, Parameter(help="requests that get a line of JSON on stderr: all, errors or none")] = "errors",
    otlp: Annotated[str, Parameter(help=OTLP_HELP)] = "",
    within: Annotated[float, Parameter(help=WITHIN_HELP)] = 0.0,
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
        workers: how many processes answer: a number, a range, or auto.
        share: URL of an object store through which other services join this one.
        join: the home of a service that this one joins, or the URL that it is shared at.
        called: its name there.
        host: a further name by which clients may call it.
        token: file of tokens.
        design: where the model lives; nothing else of the application changes.
        upstream: address of the service that client and hybrid speak to.
        upstream_token: file with the token that is sent there.
        cache: URL of the Valkey or Redis of the cached design.
        log: requests that get a line of JSON on stderr.
        otlp: address of an OpenTelemetry collector.
        within: seconds in which a request is answered or refused.
        events_clock: domain time follows the events' watermark instead of the wall clock.
        traffic: let generated traffic run beside it.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    signal.signal(signal.SIGTERM, _leave)
    application = load(app, options)
    if token is not None and is_plain(read_tokens(token)):
        progress(f"{token} holds one plain token: it may do everything, for ever. Better: afield token new {app} NAME")
    _check(
        design,
        {
            "--upstream": bool(upstream),
            "--upstream-token": upstream_token is not None,
            "--cache": bool(cache),
            "--workers": workers != "1",
            "--otlp": bool(otlp),
            "--events-clock": events_clock,
            "--live": traffic,
            "--as": bool(called),
            "--join": bool(join),
            "--share": bool(share),
        },
    )
    if cache:
        resolve(VALKEY)(cache, "").close()  # says what is wrong with the address; nothing is asked of it yet
    if upstream:
        Upstream(upstream).close()
    if not 0 <= within <= LONGEST:
        raise UsageError(f"--within {within:g}: write seconds, 0 to {LONGEST}")
    fewest, most = counts(workers)
    terms = Terms(
        address=address,
        port=port,
        workers=fewest,
        most=most,
        hosts=host,
        token=token,
        by_events=events_clock,
        design=design,
        cache=cache,
        upstream=upstream,
        upstream_token=upstream_token,
        log=log,
        otlp=otlp,
        within=within,
    )
    if design in DEVICES:
        with product(application, context.home, terms) as answering:
            _until_stopped(context, answering)
        progress("stopped; what was not sent yet is kept")
        return
    if join:
        there = _joining(application, context.home, join, terms, called)
        with joined(Joined(application, there, terms, progress)) as follower:
            _until_stopped(context, follower)
        progress(f"stopped; what it accepted is delivered by the service that it joined, {there.where}")
        return
    if traffic:
        application = load(app, {**application.demonstration_options, **options})
        live(application, context.home / "live", terms, progress, lambda url: _ready(context, url))
        return
    office = open_office(application, context.home, progress)
    others = shared(application, context.home, share, progress) if share else nullcontext()
    with running(office, terms) as service, others:
        _until_stopped(context, service)
    progress("stopped; everything accepted is kept")


def _joining(application: Application, root: Path, address: str, terms: Terms, name: str) -> Joining:
    """What is joined: a folder that both hosts see, or an object store."""
    if "://" in address:
        return by_store(application, root, address, terms, name, progress)
    return by_folder(application, root, Path(address), terms, name)


def counts(text: str) -> tuple[int, int]:
    """How many workers at least and at most: "2", "1-4", or "auto" for one to as many as there are processors.

    Raises:
        UsageError: it is none of these.

    >>> counts("1-4")
    (1, 4)
    """
    if text == AUTO:
        return 1, processors()
    found = RANGE.fullmatch(text)
    fewest, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= fewest <= most <= MOST_WORKERS:
        raise UsageError(f"--workers {text}: write a number from 1 to {MOST_WORKERS}, a range as 1-4, or {AUTO}")
    return fewest, most


def _leave(_number: int, _frame: object) -> None:
    """End in order, whatever has been started so far, where SIGTERM comes before the service is up."""
    raise SystemExit(0)


def _until_stopped(context: Context, service: Service | Joined | Product) -> None:
    signal.signal(signal.SIGTERM, lambda _number, _frame: service.ask_to_stop())
    signal.signal(signal.SIGINT, lambda _number, _frame: service.ask_to_stop())
    _ready(context, service.url)
    service.supervise()


def _check(design: Design, given: Mapping[str, bool]) -> None:
    """Refuse what does not go together; `given`: option → whether it was.

    Raises:
        UsageError: one is missing, or does nothing here; says which.
    """
    if design in FETCHING and not given["--upstream"]:
        raise UsageError(f"--design {design} needs --upstream URL, the service that it fetches from")
    for name in (name for name, there in given.items() if there):
        belongs = BELONGS[name]
        if design not in belongs:
            kinds = " or ".join(f"--design {each}" for each in belongs)
            raise UsageError(f"{name} does nothing with --design {design}; it belongs to {kinds}")
    if given["--join"] and (given["--live"] or given["--events-clock"]):
        raise UsageError("--join follows another service: leave --live and --events-clock to that one")
    if given["--share"] and (given["--join"] or given["--live"]):
        raise UsageError("--share is for the service that supervises: leave --join and --live")
    if given["--as"] and not given["--join"]:
        raise UsageError("--as names a service among those that joined: give --join HOME, or leave it")


def _ready(context: Context, url: str) -> None:
    result(context, {"url": url}, f"serving at {url}; Ctrl-C stops it")
