"""Granian with the service in each worker."""

import functools
import logging
from collections.abc import Callable
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.errors import ConfigurationError

from afield.errors import ServingError
from afield.serving.config import Config
from afield.serving.counters import clear
from afield.serving.gateway import Gateway
from afield.serving.launch import check_free, numeric
from afield.serving.service import Service

# Threads that read bodies: a slow sender holds one of them, not the worker. Answers take turns.
READERS = 8
# Granian stops waiting for a worker that does not drain within this time, seconds.
DRAIN = 10


def serve(config: Config, file: Path, make: Callable[[Path], Service]) -> None:
    """Serve until SIGTERM or SIGINT, then let requests under way finish.

    Args:
        config: where to listen and with how many workers.
        file: the configuration's file, handed to each worker.
        make: makes the service in a worker's process; a module's function, so that it can be sent there.

    Raises:
        ServingError: the address or the settings cannot be used.
    """
    address = numeric(config.address)
    check_free(config)
    clear(Path(config.counts))
    logging.getLogger("_granian").setLevel(logging.WARNING)
    try:
        Granian(
            "afield",
            address=address,
            port=config.port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            websockets=False,
            workers=config.workers,
            blocking_threads=READERS,
            workers_kill_timeout=DRAIN,
            respawn_failed_workers=True,
            process_name=None,
        ).serve(target_loader=functools.partial(_gateway, make, file), wrap_loader=False)
    except (ConfigurationError, OSError) as error:
        raise ServingError(f"cannot listen at {address}:{config.port}: {error}") from error


def _gateway(make: Callable[[Path], Service], file: Path) -> Gateway:
    return Gateway(make(file))
