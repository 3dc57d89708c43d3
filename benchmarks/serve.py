"""Requests a second and latency of one worker, beside a bare Granian hello: `python -m benchmarks.serve [--json]`.

Load comes from wrk where it is installed, else from a small generator in Python (slower itself: then the
ratio says less).
"""

import http.client
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from benchmarks.measure import Result, show
from benchmarks.services import Target, afield_service, hello_service

SECONDS, ROUNDS, CONNECTIONS = 4, 3, (16, 64)
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}

Load = tuple[float, float]


def main() -> None:
    """Measure and print."""
    wrk = shutil.which("wrk")
    sys.stderr.write(
        f"load generator: {wrk or 'Python threads (wrk is not installed)'}; {ROUNDS} rounds of {SECONDS} s in turn\n"
        "not measured: FastAPI, MLServer, MLflow (not installed)\n"
    )
    results: list[Result] = []
    with hello_service() as (hello, _), afield_service() as (afield, _):
        for connections in CONNECTIONS:
            loads: dict[str, list[Load]] = {hello.name: [], afield.name: []}
            for _ in range(ROUNDS):
                for target in (hello, afield):
                    loads[target.name].append(measured(target, connections, wrk))
            results += _results(connections, loads[afield.name], loads[hello.name], hello.name)
    show(results)


def measured(target: Target, connections: int, wrk: str | None) -> Load:
    """Requests a second and the 99th percentile of latency in milliseconds."""
    return _with_wrk(target, connections, wrk) if wrk else _with_threads(target, connections)


def _results(connections: int, ours: list[Load], bare: list[Load], against: str) -> list[Result]:
    rate, p99 = (statistics.median(load[place] for load in ours) for place in (0, 1))
    bare_rate, bare_p99 = (statistics.median(load[place] for load in bare) for place in (0, 1))
    return [
        Result(
            f"answers, {connections} connections", rate, "requests/s", f"{against}, {bare_rate:.0f}", rate / bare_rate
        ),
        Result(f"p99, {connections} connections", p99, "ms", f"{against}, {bare_p99:.2f}", p99 / bare_p99),
    ]


def _with_wrk(target: Target, connections: int, wrk: str) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method = {target.method!r}\nwrk.body = {target.body!r}\n" if target.body else "")
        script.flush()
        options = ["-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", script.name]
        done = subprocess.run(  # noqa: S603 - the wrk that is on the path
            [wrk, *options, f"http://127.0.0.1:{target.port}{target.path}"], capture_output=True, text=True, check=True
        )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"{target.name} failed under load:\n{done.stdout}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if rate is None or p99 is None:
        raise RuntimeError(f"wrk said:\n{done.stdout}")
    return float(rate[1]), float(p99[1]) * UNITS[p99[2]]


def _with_threads(target: Target, connections: int) -> Load:
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", target.port)
        while (start := time.perf_counter()) < end:
            connection.request(target.method, target.path, target.body)
            reply = connection.getresponse()
            reply.read()
            if reply.status != http.client.OK:
                raise RuntimeError(f"{target.name} answered {reply.status}")
            times.append(time.perf_counter() - start)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / SECONDS, statistics.quantiles(times, n=100)[98] * 1e3


if __name__ == "__main__":
    main()
