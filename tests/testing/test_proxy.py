"""A network between two processes of one machine."""

import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from afield.errors import UsageError
from afield.testing.proxy import Proxy, Way


@contextmanager
def echo() -> Iterator[int]:
    """A port that sends back what it is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,)).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    while piece := connection.recv(65_536):
                        connection.sendall(piece)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def exchanged(connection: socket.socket, content: bytes) -> tuple[bytes, float]:
    begun = time.perf_counter()
    connection.sendall(content)
    came = b""
    while len(came) < len(content):
        piece = connection.recv(65_536)
        if not piece:
            break
        came += piece
    return came, time.perf_counter() - begun


def ended(connection: socket.socket) -> bool:
    """Whether the other side has gone, politely or not; waits until it says something."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_what_goes_in_comes_out_and_is_counted() -> None:
    content = bytes(range(256)) * 1_000
    with echo() as port, Proxy(port, Way()) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as there:
        assert exchanged(there, content)[0] == content
        assert (proxy.counts.up, proxy.counts.down, proxy.counts.connections) == (256_000, 256_000, 1)
        proxy.forget()
        assert proxy.counts.up == 0


def test_an_exchange_takes_at_least_its_round_trip_and_the_time_of_its_bytes() -> None:
    way = Way(round_trip=0.02, round_trip_p95=0.02, up=1e6, down=1e6)
    with echo() as port, Proxy(port, way) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as there:
        assert exchanged(there, b"x")[1] >= 0.02
        assert exchanged(there, b"x" * 20_000)[1] >= 0.02 + 0.02


def test_a_cut_breaks_what_is_open_and_lets_nobody_in_until_it_is_mended() -> None:
    with echo() as port, Proxy(port, Way()) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as there:
            assert exchanged(there, b"before")[0] == b"before"
            proxy.cut()
            assert ended(there)
        with socket.create_connection(("127.0.0.1", proxy.port)) as there:
            assert ended(there)
        proxy.mend()
        with socket.create_connection(("127.0.0.1", proxy.port)) as there:
            assert exchanged(there, b"after")[0] == b"after"


def test_where_nobody_listens_a_connection_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Proxy(port, Way()) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as there:
        assert ended(there)


@pytest.mark.parametrize(
    "way",
    [Way(round_trip=-1.0), Way(round_trip=math.inf, round_trip_p95=math.inf), Way(up=0.0), Way(0.2, 0.1)],
)
def test_a_network_that_cannot_be_is_refused(way: Way) -> None:
    with pytest.raises(UsageError):
        Proxy(1, way)
