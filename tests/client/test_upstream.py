"""The service upstream: addresses that are refused, and an end that waits for nobody."""

import socket
import threading

import pytest

from afield.client.upstream import Upstream
from afield.errors import UnreachableError, UsageError
from tests.client.upstream import Server


@pytest.mark.parametrize("url", ["ftp://host", "http://", "host:80", "http://host/path", "http://[::1", "http://h:x"])
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a service"):
        Upstream(url)


def test_a_token_is_not_sent_unencrypted() -> None:
    with pytest.raises(UsageError, match="use https"):
        Upstream("http://10.0.0.1:8000", token="secret-secret-secret")


def test_the_end_breaks_off_an_answer_that_does_not_come() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asking = Upstream(f"http://127.0.0.1:{silent.getsockname()[1]}", patience=60.0)
        told: list[str] = []

        def ask() -> None:
            with pytest.raises(UnreachableError) as refusal:
                asking.get("/v1/keys", largest=1)
            told.append(str(refusal.value))

        thread = threading.Thread(target=ask)
        thread.start()
        with silent.accept()[0]:
            asking.close()
            thread.join()
        assert "/v1/keys" in told[0]


def test_after_the_end_nothing_is_asked(server: Server, upstream: Upstream) -> None:
    upstream.close()

    with pytest.raises(UnreachableError, match="stops"):
        upstream.get("/v1/keys", largest=100)

    assert server.asked == []
