"""One worker of Afield's beside other services: `python -m benchmarks.serve [speed|stamina] [--peers DIR] [--json]`.

The servers stand on one core and wrk on the other; each request brings one row as JSON. Afield's worker keeps durable
telemetry, has its guards on and counts everything; the others only predict. `speed`: requests a second, latency,
memory, and the start, in one run and in turn. `stamina`: three times its capacity, swaps of the release under load, a
rollback. Peers are measured from environments of their own, which scripts/serving_peers.py makes.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.load import Load, wrk
from benchmarks.measure import Result, show
from benchmarks.rivals import NAMES, present, rival
from benchmarks.services import Target, afield_service, fastapi_service, hello_service, resident
from benchmarks.stamina import overload, swaps

SECONDS, ROUNDS, STARTS = 3.0, 5, 5
FEW, MANY = 16, 64
HELLO, HELLO_RSGI, FASTAPI, OURS = "hello", "hello (RSGI)", "fastapi", "afield"
AT_LEAST = {HELLO: 0.4, FASTAPI: 5.0, "mlserver": 10.0, "mlflow": 30.0}


Running = tuple[Target, "subprocess.Popen[bytes]"]


def main() -> None:
    """Measure and print."""
    arguments = [each for each in sys.argv[1:] if each != "--json"]
    peers = Path(arguments.pop(arguments.index("--peers") + 1)) if "--peers" in arguments else None
    wanted = [each for each in arguments if each != "--peers"] or ["speed", "stamina"]
    missing = sorted(set(NAMES) - set(present(peers)))
    if "speed" in wanted:
        if missing:
            sys.stderr.write(f"not measured: {', '.join(missing)} (no environment; see scripts/serving_peers.py)\n")
        show(_speed(peers))
        show(_starts())
    if "stamina" in wanted:
        show(overload())
        show(swaps())


def _speed(peers: Path | None) -> list[Result]:
    services: dict[str, Callable[[], AbstractContextManager[Running]]] = {
        HELLO: hello_service,
        HELLO_RSGI: partial(hello_service, "rsgi"),
        FASTAPI: fastapi_service,
        OURS: afield_service,
        **{name: partial(rival, name, peers) for name in present(peers) if peers is not None},
    }
    loads: dict[tuple[str, int], list[Load]] = {}
    memory: dict[str, float] = {}
    with ExitStack() as stack:
        running = {name: stack.enter_context(service()) for name, service in services.items()}
        for round_ in range(ROUNDS):
            for connections in (FEW, MANY):
                for name, (target, process) in running.items():
                    load = wrk(target, connections, SECONDS)
                    if load.refused:
                        raise RuntimeError(f"{target.name} refused {load.refused} requests")
                    loads.setdefault((name, connections), []).append(load)
                    memory[name] = resident(process.pid)
            sys.stderr.write(f"round {round_ + 1} of {ROUNDS}\n")
        names = {name: target.name for name, (target, _) in running.items()}
    return [*_rates(loads, names), *_latencies(loads, names), _memory(memory, names)]


def _middle(loads: dict[tuple[str, int], list[Load]], name: str, connections: int, what: str) -> float:
    return float(median(getattr(load, what) for load in loads[name, connections]))


def _rates(loads: dict[tuple[str, int], list[Load]], names: dict[str, str]) -> list[Result]:
    results = []
    for connections in (FEW, MANY):
        rate = _middle(loads, OURS, connections, "rate")
        for name, called in names.items():
            if name == OURS:
                continue
            theirs = _middle(loads, name, connections, "rate")
            ratio, goal = rate / theirs, AT_LEAST.get(name) if connections == MANY or name != HELLO else None
            results.append(
                Result(
                    f"answers, {connections} connections",
                    rate,
                    "1/s",
                    f"{called}, {theirs:.0f}/s",
                    ratio,
                    None if goal is None else f">= {goal:g}x",
                    None if goal is None else ratio >= goal,
                )
            )
    return results


def _latencies(loads: dict[tuple[str, int], list[Load]], names: dict[str, str]) -> list[Result]:
    few, many = (_middle(loads, OURS, connections, "p99") for connections in (FEW, MANY))
    fastapi, hello = _middle(loads, FASTAPI, FEW, "p99"), _middle(loads, HELLO, MANY, "p99")
    fast, bare = f"{names[FASTAPI]}, {fastapi:.3g} ms", f"{names[HELLO]}, {hello:.3g} ms"
    reach = max(9.0, 9.0 / 2.6 * hello)  # 9 ms where hello has 2.6 ms
    return [
        Result(f"p99, {FEW} connections", few, "ms", fast, few / fastapi, "<= 0.35x", few / fastapi <= 0.35),
        Result(f"p99, {MANY} connections", many, "ms", bare, many / hello, f"<= {reach:.3g} ms", many <= reach),
    ]


def _memory(memory: dict[str, float], names: dict[str, str]) -> Result:
    ratio = memory[OURS] / memory[FASTAPI]
    against = f"{names[FASTAPI]}, {memory[FASTAPI]:.0f} MB"
    return Result("memory, of all processes", memory[OURS], "MB", against, ratio, "<= 0.8x", ratio <= 0.8)


def _starts() -> list[Result]:
    """From the start of the service to its first answer."""
    times: dict[str, list[float]] = {OURS: [], FASTAPI: []}
    for _ in range(STARTS):
        times[OURS].append(_started(afield_service()))
        times[FASTAPI].append(_started(fastapi_service()))
    start, other = median(times[OURS]), median(times[FASTAPI])
    against = f"FastAPI + uvicorn + LightGBM, {other:.3g} s"
    return [Result("start to first answer", start, "s", against, start / other, "<= 0.5 s", start <= 0.5)]


def _started(service: AbstractContextManager[Running]) -> float:
    began = time.perf_counter()
    with service as (target, _):
        answered = time.perf_counter()
    return answered - began - target.prepared


if __name__ == "__main__":
    main()
