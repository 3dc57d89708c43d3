"""The terms on which a service is run, and the one configuration that its processes are told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from afield.application import Application
from afield.home import Home
from afield.records.considerations import Design
from afield.serving.config import Config
from afield.serving.journal import Told

# Seconds after which workers hand over what they recorded; simulated days pass quickly.
LIVE_SEAL, REPLAY_SEAL = 5.0, 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How a service is run.

    Attributes:
        address, port: where the workers listen.
        workers: how many of them, at least.
        most: how many at most, as their load asks for; `workers` where it is less.
        hosts: further names by which clients may call the service.
        token: file of tokens; that of the home where None.
        by_events: whether domain time follows the events' watermark (a replay) instead of the wall clock.
        fed: whether facts of today come with it, as beside generated traffic.
        pinned: name → release that forecasts beside the others for comparison only.
        seams: fault wrappers of a drill; see `serving.config.Config`.
        design: where the model lives.
        cache: URL of the Valkey or Redis of the cached design; "" for the workers' memory.
        upstream: address of the service that client and hybrid speak to.
        upstream_token: file with the token that they send there; None for none.
        log: requests that get a line of JSON on stderr: all, errors or none.
        otlp: address of an OpenTelemetry collector; "" for none.
        within: seconds in which a request is answered or refused; 0: as suits the application.
        gather: seconds to wait for more requests to answer together.
    """

    address: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    most: int = 0
    hosts: tuple[str, ...] = ()
    token: Path | None = None
    by_events: bool = False
    fed: bool = False
    pinned: Mapping[str, str] = field(default_factory=dict)
    seams: Mapping[str, str] = field(default_factory=dict)
    design: Design = "server"
    cache: str = ""
    upstream: str = ""
    upstream_token: Path | None = None
    log: Told = "errors"
    otlp: str = ""
    within: float = 0.0
    gather: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the processes of a service find things and leave them.

    Attributes:
        snapshots: what they follow.
        bundles: releases by digest, or what was compiled.
        spools: holds their spools, `facts` and `telemetry`.
        counts: where they share their counters.
        heartbeat: says when the supervisor was last alive; None where there is none.
    """

    snapshots: Path
    bundles: Path
    spools: Path
    counts: Path
    heartbeat: Path | None = None


def configured(application: Application, home: Home, terms: Terms, places: Places) -> Config:
    """What the processes of a service are told; tokens and keys are those of `home` where the terms name no others."""
    return Config(
        application=application.called,
        options=dict(application.options),
        snapshots=str(places.snapshots),
        bundles=str(places.bundles),
        trusted=str(home.trusted),
        facts=str(places.spools / "facts"),
        telemetry=str(places.spools / "telemetry"),
        counts=str(places.counts),
        heartbeat=str(places.heartbeat or ""),
        address=terms.address,
        port=terms.port,
        workers=terms.workers,
        most=terms.most,
        hosts=terms.hosts,
        token=str(terms.token or home.tokens),
        privacy=str(home.privacy),
        seal_after=REPLAY_SEAL if terms.by_events else LIVE_SEAL,
        within=terms.within,
        gather=terms.gather,
        seams=dict(terms.seams),
        design=terms.design,
        cache=terms.cache,
        upstream=terms.upstream,
        upstream_token=str(terms.upstream_token or ""),
        log=terms.log,
        otlp=terms.otlp,
    )
