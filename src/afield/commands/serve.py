"""`afield serve`: the prediction service, workers and supervisor, until it is stopped."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from afield.application import Application, Operate, load, resolve
from afield.client.upstream import Upstream
from afield.commands.company import ALONE, Company
from afield.commands.output import Context, progress
from afield.control.stopping import leave_by_signal
from afield.control.terms import Terms
from afield.errors import UsageError
from afield.records.considerations import Design
from afield.serving import config
from afield.serving.config import FETCHING, SUPERVISED
from afield.serving.journal import Told
from afield.serving.kept import VALKEY
from afield.serving.scaling import processors
from afield.serving.tokens import is_plain, read_tokens, token_to_send

# Imported once it is known what to start: a supervisor is no part of what `--help` or a wrong word has to wait for.
START = "afield.commands.starting:start"
LONGEST = 600
MOST_WORKERS = 256
"""As many as can have a spool of their own."""
MOST_GATHERED = 100.0
"""Milliseconds."""
BELONGS: Mapping[str, tuple[Design, ...]] = {
    **{f"--{name.replace('_', '-')}": designs for name, designs in config.BELONGS.items()},
    **dict.fromkeys(("--events-clock", "--live", "--share", "--join", "--as"), SUPERVISED),
}
"""Options that not every design uses → those that do."""
AUTO = "auto"
RANGE = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
MILLISECONDS = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)(?:ms)?")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where clients call the service, and who may."""

    address: str = "127.0.0.1"
    """where to listen; beyond loopback a token is needed"""
    port: Annotated[int, Parameter(validator=Number(gte=1, lte=65535))] = 8000
    """where to listen: 1 to 65535"""
    workers: str = "1"
    """how many processes answer: a number, a range that follows their load as 1-4, or auto"""
    host: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    """a further name by which clients may call it (Host, Origin); may be given several times"""
    token: Path | None = None
    """file of tokens, or of one plain token; left out: those that `afield token` made"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Hosting:
    """Where the model lives; nothing else of the application changes."""

    design: Design = "server"
    """where the model lives: server, cached, client, hybrid or static"""
    upstream: str = ""
    """of client and hybrid: address of the service that they fetch from and send to"""
    upstream_token: Path | None = None
    """file with the token that is sent there"""
    cache: str = ""
    """of cached: a Valkey or Redis, e.g. valkey://127.0.0.1:6379/0; left out: the workers' memory"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Answering:
    """How long requests may wait, and what is told of them."""

    within: float = 0.0
    """seconds in which a request is answered or refused; 0: 2, or 10 where it brings its own input"""
    gather: str = "0ms"
    """of server: how long a request waits for others to be answered with in one pass, e.g. 2ms; 0: those there are"""
    log: Told = "errors"
    """requests that get a line of JSON on stderr: all, errors or none"""
    otlp: str = ""
    """an OpenTelemetry collector (HTTP) that is sent traces and metrics, e.g. http://127.0.0.1:4318: afield[otlp]"""


def run(
    app: str,
    /,
    *,
    listening: Listening = Listening(),
    hosting: Hosting = Hosting(),
    answering: Answering = Answering(),
    company: Company = ALONE,
    context: Context,
    **options: str,
) -> None:
    """Serve the champion of an application until SIGTERM or Ctrl-C; requests under way are finished first.

    Args:
        app: name of the application.
        listening: where clients call it.
        hosting: where the model lives.
        answering: how long requests may wait.
        company: other services, and what feeds this one.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    leave_by_signal()
    application = load(app, options)
    if company.live:
        application = load(app, {**application.demonstration_options, **options})
    if listening.token is not None and is_plain(read_tokens(listening.token)):
        said = "holds one plain token: it may do everything, for ever. Better"
        progress(f"{listening.token} {said}: afield token new {app} NAME")
    _check_design(listening, hosting, answering, company)
    _check_company(company)
    resolve(START)(application, _terms(application, listening, hosting, answering, company), company, context)


def _terms(
    application: Application, listening: Listening, hosting: Hosting, answering: Answering, company: Company
) -> Terms:
    """The terms that were given, each looked over.

    Raises:
        UsageError: one of them cannot be; says which.
    """
    operate = application.part(application.operate, Operate)
    if hosting.cache:
        if operate.from_input is not None and operate.designs.ahead.recall is not None:
            progress(
                f"what {application.name} keeps at --cache to know inputs again is to be treated as the inputs "
                "themselves: name only a store that may hold them"
            )
        cache = resolve(VALKEY)(hosting.cache, "", deadline=1.0)
        if cache.problem:  # which its log says
            progress("the service starts all the same, and looks for its cache again and again")
        cache.close()
    if hosting.upstream:
        Upstream(hosting.upstream).close()
    if hosting.upstream_token is not None:
        token_to_send(hosting.upstream_token)
    if not 0 <= answering.within <= LONGEST:
        raise UsageError(f"--within {answering.within:g}: write seconds, 0 to {LONGEST}")
    gather = gathered(answering.gather)
    if gather and operate.from_input is not None:
        raise UsageError(f"--gather does nothing for {application.name}: it looks into each request by itself")
    fewest, most = counts(listening.workers)
    return Terms(
        address=listening.address,
        port=listening.port,
        workers=fewest,
        most=most,
        hosts=listening.host,
        token=listening.token,
        by_events=company.events_clock,
        design=hosting.design,
        cache=hosting.cache,
        upstream=hosting.upstream,
        upstream_token=hosting.upstream_token,
        log=answering.log,
        otlp=answering.otlp,
        within=answering.within,
        gather=gather,
    )


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


def gathered(text: str) -> float:
    """Seconds to wait for more requests.

    Raises:
        UsageError: it is no stretch of time, or a longer one than clients would wait.

    >>> gathered("2ms")
    0.002
    """
    found = MILLISECONDS.fullmatch(text)
    if not found or float(found[1]) > MOST_GATHERED:
        raise UsageError(f"--gather {text}: write milliseconds, 0 to {MOST_GATHERED:g}, as 2ms")
    return float(found[1]) / 1000


def _check_design(listening: Listening, hosting: Hosting, answering: Answering, company: Company) -> None:
    """Refuse what the design needs and does not have, and what does nothing there.

    Raises:
        UsageError: says which.
    """
    given = {
        "--upstream": bool(hosting.upstream),
        "--upstream-token": hosting.upstream_token is not None,
        "--cache": bool(hosting.cache),
        "--workers": listening.workers != "1",
        "--gather": answering.gather != Answering.gather,
        "--otlp": bool(answering.otlp),
        "--events-clock": company.events_clock,
        "--live": company.live,
        "--as": bool(company.called),
        "--join": bool(company.join),
        "--share": bool(company.share),
    }
    if hosting.design in FETCHING and not given["--upstream"]:
        raise UsageError(f"--design {hosting.design} needs --upstream URL, the service that it fetches from")
    for name in (name for name, there in given.items() if there):
        if hosting.design not in BELONGS[name]:
            kinds = " or ".join(f"--design {each}" for each in BELONGS[name])
            raise UsageError(f"{name} does nothing with --design {hosting.design}; it belongs to {kinds}")


def _check_company(company: Company) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: says what.
    """
    if company.join and (company.live or company.events_clock):
        raise UsageError("--join follows another service: leave --live and --events-clock to that one")
    if company.share and (company.join or company.live):
        raise UsageError("--share is for the service that supervises: leave --join and --live")
    if company.called and not company.join:
        raise UsageError("--as names a service among those that joined: give --join HOME, or leave it")
