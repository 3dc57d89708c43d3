"""What a service is told when it starts: one JSON file."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path

import msgspec

from afield.errors import ServingError, UsageError
from afield.records.considerations import Design
from afield.serving.journal import Told

# Seconds in which a request is answered or refused: of applications that look into it, and of the others.
LOOKING, ANSWERING = 10.0, 2.0
SUPERVISED: tuple[Design, ...] = ("server", "cached")
FETCHING: tuple[Design, ...] = ("client", "hybrid")
BELONGS: Mapping[str, tuple[Design, ...]] = {
    "upstream": FETCHING,
    "upstream_token": FETCHING,
    "cache": ("cached",),
    "gather": ("server",),
    "workers": SUPERVISED,
    "otlp": SUPERVISED,
}
"""Fields that not every design uses → those that do."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a service finds things and where it listens.

    Attributes:
        application: name or `module:attribute` of the application.
        options: the application's options.
        snapshots: folder that the supervisor publishes into.
        bundles: folder of release bundles.
        trusted: folder of the public keys that count.
        facts: spool folder of the facts and outcomes that clients send.
        telemetry: spool folder of recorded events.
        counts: folder in which workers share their counters.
        heartbeat: file whose modification time says when the supervisor was last alive; "" where none is kept.
        address, port: where to listen.
        workers: how many processes answer, at least.
        most: how many at most, as their load asks for; `workers` where it is less.
        hosts: further names by which clients may call the service (`Host`, `Origin`).
        token: file of the tokens that clients must send; needed beyond loopback. There, and where it exists, nobody
            is let in without one. A file that holds nothing but a token counts as one token with every role.
        own: digest of the token with which the supervisor looks its workers over; "" for none.
        privacy: file with the key of the hashes that stand for people; "" where no field is private.
        seal_after: seconds after which a worker hands over what it recorded.
        design: where the model lives. Of client, hybrid and static there is no supervisor: `bundles` lies in the
            device's folder, or is the folder of what was compiled.
        cache: URL of the Valkey or Redis in which the cached design keeps its drafts; "" for this process's memory.
        upstream: address of the service that client and hybrid speak to.
        upstream_token: file with the token that they send there; "" for none.
        within: seconds in which a request is answered or refused, where its client does not say less; 0: 2, or 10
            where the application finds its features in the request.
        gather: seconds to wait for more requests to answer together; 0: those that are there.
        log: requests that get a line of JSON on stderr: all, those that the service failed on ("errors"), or none.
        otlp: address of an OpenTelemetry collector (OTLP over HTTP) that is sent traces and metrics; "" for none.
        seams: import string of a fault wrapper `(infer, argument) -> infer` → its argument; for drills only.
    """

    application: str
    snapshots: str
    bundles: str
    trusted: str
    facts: str
    telemetry: str
    counts: str
    options: dict[str, str] = {}
    heartbeat: str = ""
    address: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    most: int = 0
    hosts: tuple[str, ...] = ()
    token: str = ""
    own: str = ""
    privacy: str = ""
    seal_after: float = 5.0
    within: float = 0.0
    gather: float = 0.0
    seams: dict[str, str] = {}
    design: Design = "server"
    cache: str = ""
    upstream: str = ""
    upstream_token: str = ""
    log: Told = "errors"
    otlp: str = ""

    def patience(self, *, looking: bool) -> float:
        """Seconds in which a request is answered or refused, of an application that looks into it or of another."""
        return self.within or (LOOKING if looking else ANSWERING)


def read_config(file: Path) -> Config:
    """The configuration in `file`, checked.

    Raises:
        UsageError: the file cannot be read, or a field is wrong.
        ServingError: it would listen beyond loopback without a token.
    """
    try:
        config = msgspec.json.decode(file.read_bytes(), type=Config)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"{file}: {error}") from error
    if not 1 <= config.port <= 65535 or config.workers < 1:
        raise UsageError(f"{file}: port must be 1 to 65535 and workers at least 1")
    if not (0 <= config.within <= 600 and 0 <= config.gather <= 0.1):
        raise UsageError(f"{file}: within must be 0 to 600 seconds, gather 0 to 0.1")
    if config.otlp and not config.otlp.startswith(("http://", "https://")):
        raise UsageError(f"{file}: {config.otlp!r} is no address of a collector; write it as http://127.0.0.1:4318")
    for name in misplaced(config):
        raise UsageError(
            f"{file}: {name} does nothing with design {config.design}; it belongs to {' or '.join(BELONGS[name])}"
        )
    if not config.token and not is_loopback(config.address):
        raise ServingError(
            f"{file}: {config.address} can be reached by others; name a file of tokens in `token`, or use 127.0.0.1"
        )
    return config


def misplaced(config: Config) -> tuple[str, ...]:
    """The fields that were given and that its design does not use."""
    given = {
        "upstream": bool(config.upstream),
        "upstream_token": bool(config.upstream_token),
        "cache": bool(config.cache),
        "gather": bool(config.gather),
        "workers": max(config.workers, config.most) > 1,
        "otlp": bool(config.otlp),
    }
    return tuple(name for name, there in given.items() if there and config.design not in BELONGS[name])


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach `address`."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
