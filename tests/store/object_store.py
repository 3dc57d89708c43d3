"""An S3-compatible store on loopback, in a process of its own: the libraries hold Python's lock while they wait."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "a-secret-of-nobody", "AWS_REGION": "us-east-1"}

SERVER = """
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
input()
"""


@contextmanager
def bucket() -> Iterator[str]:
    """The endpoint of a store with an empty bucket named `bucket`."""
    with bucket_of() as (endpoint, _):
        yield endpoint


@contextmanager
def bucket_of() -> "Iterator[tuple[str, subprocess.Popen[str]]]":
    """As `bucket`, with the process that answers there."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            endpoint = f"http://127.0.0.1:{int(process.stdout.readline())}"
            urlopen(Request(f"{endpoint}/bucket", method="PUT")).close()
            yield endpoint, process
        finally:
            process.kill()
