"""Starting a service as a process of its own, and waiting until it answers."""

import http.client
import ipaddress
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from afield.errors import ServingError, UsageError
from afield.serving.access import access_of
from afield.serving.config import SUPERVISED, Config

PATIENCE = 30.0
WORKER, DEVICE = "afield.worker", "afield.device"
"""The programs that answer: of a service, and of a product without a supervisor."""


def launch(config: Config, file: Path, log: Path | None = None) -> "subprocess.Popen[bytes]":
    """Write `config` to `file` and start the service; `await_ready` says when it answers.

    Nothing is started where something else listens: its answers would be taken for those of the service.

    Args:
        config: what the service is told.
        file: where its configuration is written.
        log: where its output is appended; this process's own streams where None.

    Raises:
        UsageError: the address is no IP address.
        ServingError: it cannot be listened at, or it can be reached by others and no token is in force.
    """
    check_free(config)
    access_of(config)
    file.parent.mkdir(parents=True, exist_ok=True)
    # The address of a cache may hold a password.
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_bytes(msgspec.json.encode(config))
    command = [sys.executable, "-m", program(config), str(file)]
    if log is None:
        return subprocess.Popen(command)  # noqa: S603 - our own interpreter and file
    with log.open("ab") as stream:
        return subprocess.Popen(command, stdout=stream, stderr=stream)  # noqa: S603


def program(config: Config) -> str:
    """The module that serves in the design of a configuration."""
    return WORKER if config.design in SUPERVISED else DEVICE


def await_ready(
    config: Config,
    process: "subprocess.Popen[bytes]",
    *,
    path: str = "/healthz",
    token: str = "",
    patience: float = PATIENCE,
) -> bytes:
    """What a worker answers at `path`, once it does with 200.

    Raises:
        ServingError: the process ended, or did not answer in time.
    """
    headers = {"Host": "localhost"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServingError(f"the service ended with exit code {process.returncode}")
        connection = http.client.HTTPConnection(config.address, config.port, timeout=5)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            if response.status == http.client.OK:
                return response.read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise ServingError(f"the service at {config.address}:{config.port} did not answer within {patience:g} s")


def check_free(config: Config) -> None:
    """Return where the service can listen.

    Raises:
        UsageError: the address is no IP address.
        ServingError: it is none of this machine, this user may not listen there, or something listens there already.
    """
    address = numeric(config.address)
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    except ValueError as error:
        raise UsageError(f"--address {address} is no IP address of this machine; write it as 10.0.0.1") from error
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, config.port))
    except OSError as error:
        raise ServingError(
            f"cannot listen at {address}, port {config.port}: {error.strerror}; give another --address or --port"
        ) from error


def numeric(address: str) -> str:
    """The address in numbers."""
    return "127.0.0.1" if address == "localhost" else address
