"""`afield replay`: recorded traffic, with late outcomes, played through a running service."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from afield.application import Operate, load, resolve
from afield.commands.output import Context, progress, result
from afield.errors import UsageError
from afield.records.facts import Window
from afield.replay import Client, Replayed, Traffic, replay


def run(
    app: str,
    /,
    *,
    from_: Annotated[datetime, Parameter(name="--from", help="first tick, ISO 8601")],
    to: Annotated[datetime, Parameter(help="end of the window, ISO 8601")],
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    speed: Annotated[float, Parameter(help="times real time; 0: as fast as the service ticks")] = 0.0,
    url: Annotated[str, Parameter(help="the service, started with --events-clock")] = "http://127.0.0.1:8000",
    token: Annotated[Path | None, Parameter(help="file with the bearer token")] = None,
    context: Context,
    **options: str,
) -> int:
    """Play recorded traffic, as facts and as requests, through a service whose clock follows its events.

    Args:
        app: name of the application.
        from_: first tick.
        to: end of the window.
        data: folder or file of data.
        speed: times real time; 0 means as fast as the service ticks.
        url: where the service is.
        token: file with the bearer token.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    application = load(app, options)
    operate = application.part(application.operate, Operate)
    if speed < 0 or to <= from_:
        raise UsageError("--speed must not be negative, and --to must lie after --from")
    window = Window(from_, to)
    traffic: Traffic = resolve(application.traffic)(application.options, data, window)
    client = Client(url, token.read_text("ascii").strip() if token else "")
    pace = Pace(from_, speed)
    played = replay(traffic, client, operate.asked.route, window, operate.step, watch=tell, pause=pace.wait)
    text = f"{played.ticks} ticks, {played.facts:,} facts, {played.requests:,} quotes; {played.failed} failed"
    result(context, played, f"{text}, {played.fallbacks} from a fallback")
    return 1 if played.failed else 0


class Pace:
    """Holds simulated time to a multiple of wall time."""

    def __init__(self, start: datetime, speed: float) -> None:
        """Begin at `start` now; a speed of 0 never waits."""
        self._start, self._speed = start, speed
        self._begun = time.monotonic()

    def wait(self, tick: datetime) -> None:
        """Wait until it is the tick's turn."""
        if self._speed:
            due = self._begun + (tick - self._start) / timedelta(seconds=1) / self._speed
            time.sleep(max(0.0, due - time.monotonic()))


def tell(tick: datetime, played: Replayed) -> None:
    """Say once a simulated day where the replay stands."""
    if tick.hour == 0 and tick.minute == 0:
        progress(f"{tick:%Y-%m-%d} {played.requests:,} quotes, {played.failed} failed")
