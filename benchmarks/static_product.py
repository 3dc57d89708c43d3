"""A process that holds a compiled release and nothing else, and measures itself; `benchmarks.static` starts it.

`python -m benchmarks.static_product APP FOLDER REQUESTS.json` prints one JSON object.
"""

import json
import sys
import time
from datetime import datetime
from pathlib import Path

from afield.application import Operate, load
from afield.compiled import open_static

NOW = {"surge": datetime(2024, 4, 2, 18), "signs": datetime(2026, 5, 1, 10)}
ROUNDS = 3


def measured(app: str, product: Path, bodies: Path) -> dict[str, float]:
    """Peak memory (bytes), seconds to open, processor seconds an answer (mean), and wall seconds of answers."""
    application = load(app)
    operate = application.part(application.operate, Operate)
    started = time.perf_counter()
    host = open_static(product, operate, app, clock=lambda: NOW[app], record=lambda _: None)
    opened = time.perf_counter() - started
    requests = [each.encode() for each in json.loads(bodies.read_bytes())]
    for body in requests:
        host.ask(body)
    before, times = time.process_time(), []
    for _ in range(ROUNDS):
        for body in requests:
            begun = time.perf_counter()
            host.ask(body)
            times.append(time.perf_counter() - begun)
    mean = (time.process_time() - before) / len(times)
    times.sort()
    late = times[int(len(times) * 0.99)]
    return {"peak": peak(), "opened": opened, "mean": mean, "median": times[len(times) // 2], "late": late}


def peak() -> float:
    """Bytes of the most memory that this process ever held; those of a process that started it do not count."""
    status = Path("/proc/self/status").read_text("ascii")
    return 1024.0 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
