"""The data plane as its keeper sees it: one process whose children answer, started, started again, and stopped."""

import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from afield.control.orphans import end, running_with
from afield.errors import ServingError
from afield.serving.config import Config
from afield.serving.health import Health
from afield.serving.launch import await_ready, launch
from afield.serving.tokens import digest_of
from afield.telemetry.claims import Claim, claim

KEEPER = "keeper"
"""The name that the one keeper of a plane holds in its folder."""
PATIENCE = 20.0
LOOK_EVERY = 0.1
TELL_EVERY = 3.0


class Plane:
    """The workers of one service on this machine."""

    def __init__(self, config: Config, folder: Path, tell: Callable[[str], None]) -> None:
        """Run workers with `config`; their configuration and log are kept in `folder`, `tell` is told what happens."""
        self._own = f"own-{secrets.token_urlsafe(32)}"
        self.config = msgspec.structs.replace(config, own=digest_of(self._own))
        self._file, self._log = folder / "service.json", folder / "service.log"
        self._tell = tell
        self._folder = folder
        self._kept: Claim | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Health:
        """What a worker says of itself, once one answers; workers that an earlier keeper left are ended first.

        Raises:
            ServingError: they do not start, or another keeper lives.
        """
        self._kept = claim(self._folder, KEEPER)
        if self._kept is None:
            raise ServingError(
                f"{self._folder} is served already, by another process on this machine; use that service, stop it with "
                "Ctrl-C or SIGTERM, or serve another home: AFIELD_HOME names it"
            )
        for orphan in running_with(self._file):
            self._tell(f"ending the workers that an earlier supervisor left (process {orphan})")
            end(orphan)
        return self._launch()

    def check(self) -> None:
        """Start the workers again where all of them ended.

        Raises:
            ServingError: they do not start again.
        """
        if self._process is not None and self._process.poll() is not None:
            self._tell(f"the workers ended with exit code {self._process.returncode}; starting them again")
            self._launch()

    def keep(self, stop: threading.Event) -> None:
        """Start the workers again wherever all of them end, and tell what is wrong, until `stop` is set.

        Raises:
            ServingError: they do not start again.
        """
        said, asked = "", 0.0
        while not stop.wait(LOOK_EVERY):
            self.check()
            if time.monotonic() - asked > TELL_EVERY:
                asked, problem = time.monotonic(), self.health().problem
                if problem != said:
                    self._tell(problem or "all is well again")
                said = problem

    def stop(self) -> None:
        """Let the workers finish what they have begun, end them, and let another keeper begin."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._kept is not None:
            self._kept.release()
            self._kept = None

    def _launch(self) -> Health:
        self._process = launch(self.config, self._file, self._log)
        return self.health()

    def health(self) -> Health:
        """What a worker says of itself, once one answers.

        Raises:
            ServingError: none does.
        """
        if self._process is None:
            raise ServingError("the workers have not been started")
        try:
            return msgspec.json.decode(await_ready(self.config, self._process, token=self._own), type=Health)
        except ServingError as error:
            raise ServingError(f"{error}; its log: {self._log}") from error
