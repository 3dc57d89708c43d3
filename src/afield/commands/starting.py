"""What `afield serve` starts: a device, a service that joins another, one beside generated traffic, or a whole one."""

from contextlib import nullcontext
from pathlib import Path

from afield.application import Application
from afield.commands.company import Company
from afield.commands.output import Context, progress, result
from afield.commands.product import Product, product
from afield.control.joining import Joined, Joining, by_folder, joined
from afield.control.office import open_office
from afield.control.service import Service, Terms, running
from afield.control.stopping import stop_by_signal
from afield.live import live
from afield.serving.config import SUPERVISED
from afield.sharing.sharing import Shared, by_store


def start(application: Application, terms: Terms, company: Company, context: Context) -> None:
    """Serve on these terms until SIGTERM or Ctrl-C.

    Raises:
        AfieldError: it does not start, or a stage failed.
    """
    if terms.design not in SUPERVISED:
        with product(application, context.home, terms) as answering:
            _until_stopped(context, answering)
        progress("stopped; what was not sent yet is kept")
    elif company.join:
        there = _joining(application, context.home, company.join, terms, company.called)
        with joined(Joined(application, there, terms, progress)) as follower:
            _until_stopped(context, follower)
        progress(f"stopped; what it accepted is delivered by the service that it joined, {there.where}")
    elif company.live:
        live(application, context.home / "live", terms, progress, lambda url: _ready(context, url))
    else:
        office = open_office(application, context.home, progress)
        others = Shared(application, context.home, company.share, progress) if company.share else nullcontext()
        with running(office, terms) as service, others:
            _until_stopped(context, service)
        progress("stopped; everything accepted is kept")


def _joining(application: Application, root: Path, address: str, terms: Terms, name: str) -> Joining:
    """What is joined: a folder that both hosts see, or an object store."""
    if "://" in address:
        return by_store(application, root, address, terms, name, progress)
    return by_folder(application, root, Path(address), terms, name)


def _until_stopped(context: Context, service: Service | Joined | Product) -> None:
    stop_by_signal(service.ask_to_stop)
    _ready(context, service.url)
    service.supervise()


def _ready(context: Context, url: str) -> None:
    result(context, {"url": url}, f"serving at {url}; Ctrl-C stops it")
