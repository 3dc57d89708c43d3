"""Ray nodes on loopback addresses, for tests and benchmarks: started as an operator does, killed without asking."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

ROOT = Path(__file__).parents[1]
PATHS = os.pathsep.join(map(str, (ROOT, ROOT / "src", *sorted((ROOT / "apps").glob("*")))))
MARK, NODE = "AFIELD_TEST_CLUSTER", "AFIELD_TEST_NODE"
MEMORY = 100 * 2**20


@dataclass(frozen=True)
class Nodes:
    """The nodes of one cluster.

    Attributes:
        folder: short, for Ray's sockets lie in it.
        port: of the head, free.
        mark: by which its processes are known.
        token: who has none is refused: Ray listens on every address of the machine.
    """

    folder: Path
    port: int
    mark: str
    token: str

    @classmethod
    def plan(cls, folder: Path, port: int) -> "Nodes":
        """No node yet."""
        return cls(folder, port, secrets.token_hex(8), secrets.token_hex(32))

    @classmethod
    @contextmanager
    def up(cls) -> "Iterator[Nodes]":
        """A head that is up, with what a driver in this process needs in its environment; all is gone afterwards."""
        folder = Path(mkdtemp(prefix="ray", dir="/tmp"))
        with socket.create_server(("127.0.0.2", 0)) as free:
            nodes = cls.plan(folder, free.getsockname()[1])
        before = {name: os.environ.get(name) for name in nodes.environment}
        os.environ.update(nodes.environment)
        try:
            nodes.head()
            yield nodes
        finally:
            nodes.kill()
            rmtree(folder, ignore_errors=True)
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    @property
    def address(self) -> str:
        """Of the head."""
        return f"127.0.0.2:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What nodes and drivers need: nothing is sent home, and strangers are refused."""
        return {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}

    def head(self, processors: int = 1) -> None:
        """Start the head; its return means that it is up."""
        self._start("head", processors, "--head", "--node-ip-address=127.0.0.2", f"--port={self.port}",
                    "--include-dashboard=false", f"--temp-dir={self.folder}", "--disable-usage-stats")  # fmt: skip

    def node(self, name: str, last: int, processors: int = 1) -> None:
        """Start a further node on 127.0.0.`last`."""
        self._start(name, processors, f"--address={self.address}", f"--node-ip-address=127.0.0.{last}")

    def kill(self, name: str | None = None) -> None:
        """Kill a node, or all, at once and without a word to the others."""
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                with suppress(OSError):
                    found = dict(
                        entry.split("=", 1) for entry in (process / "environ").read_text().split("\0") if "=" in entry
                    )
                    if found.get(MARK) == self.mark and name in (None, found.get(NODE)):
                        os.kill(int(process.name), signal.SIGKILL)

    def _start(self, name: str, processors: int, *arguments: str) -> None:
        # Standard output is a file: the daemons would hold a pipe open.
        with (self.folder / f"{name}.log").open("wb") as log:
            subprocess.run(  # noqa: S603 - our own tool
                [Path(sys.executable).parent / "ray", "start", f"--num-cpus={processors}",
                 f"--object-store-memory={MEMORY}", *arguments],
                env={**os.environ, **self.environment, MARK: self.mark, NODE: name, "PYTHONPATH": PATHS},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True, timeout=90,
            )  # fmt: skip
