"""Training in a process of its own, so that the control plane goes on ticking beside it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from afield.control.office import Office


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to.

    Attributes:
        release: digest of a candidate that passed its gates, or "".
        reason: why it was trained.
    """

    release: str
    reason: str


class Trainer:
    """Builds candidates from what production taught, one at a time, by the verb that people use."""

    def __init__(self, office: Office, *, wait: bool) -> None:
        """Train for `office`; with `wait`, simulated time stands still until a training has ended."""
        self._office = office
        self._wait = wait
        self._reason = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def busy(self) -> bool:
        """Whether a training has been started whose end was not taken notice of."""
        return self._process is not None

    def start(self, until: datetime, reason: str) -> None:
        """Train on what was known before `until`. The ledger gets a row `build`, and `rejected` where a gate failed."""
        office = self._office
        office.tell(f"{until:%Y-%m-%d %H:%M} training a candidate: {reason}")
        options = [part for name, value in office.application.options.items() for part in (f"--{name}", value)]
        command = ["/usr/bin/env", f"AFIELD_HOME={office.home.root}", sys.executable, "-m", "afield", "build"]
        command += [office.application.called, "--production", "--candidate", "--reason", reason]
        command += ["--until", until.isoformat(), "--json", *options]
        result, log = self._files()
        with result.open("wb") as told, log.open("wb") as said:
            self._process = subprocess.Popen(command, stdout=told, stderr=said)  # noqa: S603 - our own verb
        self._reason = reason
        if self._wait:
            self._process.wait()

    def finished(self) -> Trained | None:
        """What the training came to, once, when it has ended; None before that and when there was none."""
        if self._process is None or self._process.poll() is None:
            return None
        code, self._process = self._process.returncode, None
        result, log = self._files()
        self._office.actions.refresh()
        if code == 0:
            return Trained(str(json.loads(result.read_bytes())["release"]), self._reason)
        lines = log.read_text(errors="replace").strip().splitlines()
        failed = _failed(result.read_bytes())
        self._office.tell(f"no candidate: {failed or (lines[-1] if lines else f'exit code {code}')}")
        return Trained("", self._reason)

    def join(self) -> None:
        """Return once no training is under way."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End a training under way; what it finished is kept for the next."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _files(self) -> tuple[Path, Path]:
        folder = self._office.home.folder
        return folder / "training.json", folder / "training.log"


def _failed(result: bytes) -> str:
    """The gates that a build did not pass, and why; "" where it came to no result."""
    gates = json.loads(result)["gates"] if result.strip() else []
    failed = [f"{gate['gate']} ({gate['reason']})" for gate in gates if not gate["passed"]]
    return f"gates failed: {'; '.join(failed)}" if failed else ""
