import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from afield.data.download import RECORD, download
from afield.errors import DataError

BODY = bytes(range(256)) * 4000


@dataclass
class Server:
    """A file server that can cut, fail, and change its file."""

    body: bytes = BODY
    etag: str = '"one"'
    cuts: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.ranges.append(asked)
            if state.failures:
                self.send_error(state.failures.pop(0))
                return
            begin = 0
            if asked and self.headers.get("If-Range") == state.etag:
                begin = int(asked.removeprefix("bytes=").removesuffix("-"))
                if begin >= len(state.body):
                    self.send_error(416)
                    return
            self.send_response(206 if begin else 200)
            self.send_header("ETag", state.etag)
            self.send_header("Content-Length", str(len(state.body) - begin))
            self.end_headers()
            cut = state.cuts.pop(0) if state.cuts else len(state.body)
            self.wfile.write(state.body[begin : begin + cut])

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}/file.bin"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture
def pauses() -> tuple[list[float], Callable[[float], None]]:
    waited: list[float] = []
    return waited, waited.append


def test_a_file_arrives_whole_with_its_digest_recorded(server: Server, tmp_path: Path) -> None:
    done = download(server.url, tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == BODY
    assert done.digest == hashlib.sha256(BODY).hexdigest()
    assert done.digest in (tmp_path / RECORD).read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == [RECORD, "file.bin"]


def test_a_cut_is_resumed_from_where_it_was(server: Server, tmp_path: Path) -> None:
    server.cuts = [100_000, 200_000]
    download(server.url, tmp_path / "file.bin", pause=lambda _: None)
    assert (tmp_path / "file.bin").read_bytes() == BODY
    assert server.ranges == [None, "bytes=100000-", "bytes=300000-"]


def test_a_later_run_goes_on_from_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.cuts, server.failures = [100_000], []

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.url, tmp_path / "file.bin", pause=stop)
    assert not (tmp_path / "file.bin").exists()
    download(server.url, tmp_path / "file.bin")
    assert (tmp_path / "file.bin").read_bytes() == BODY
    assert server.ranges[-1] == "bytes=100000-"


def test_a_file_that_changed_meanwhile_starts_again(server: Server, tmp_path: Path) -> None:
    server.cuts = [100_000]

    def change(_: float) -> None:
        server.body, server.etag = BODY[::-1], '"two"'

    download(server.url, tmp_path / "file.bin", pause=change)
    assert (tmp_path / "file.bin").read_bytes() == BODY[::-1]


def test_a_partial_file_that_is_whole_already_is_asked_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(BODY)
    (tmp_path / "file.bin.part.version").write_text(server.etag)
    download(server.url, tmp_path / "file.bin", pause=lambda _: None)
    assert (tmp_path / "file.bin").read_bytes() == BODY


def test_a_busy_server_is_asked_again_after_a_pause(
    server: Server, tmp_path: Path, pauses: tuple[list[float], Callable[[float], None]]
) -> None:
    server.failures = [503, 429]
    download(server.url, tmp_path / "file.bin", pause=pauses[1])
    assert pauses[0] == [1.0, 2.0]


def test_an_absent_file_is_refused_at_once(server: Server, tmp_path: Path) -> None:
    server.failures = [403]
    with pytest.raises(DataError, match=r"answers 403 .* not published"):
        download(server.url, tmp_path / "file.bin")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_stays_away_is_given_up_with_advice(server: Server, tmp_path: Path) -> None:
    server.failures = [500] * 5
    with pytest.raises(DataError, match=r"5 attempts .* run the same command again"):
        download(server.url, tmp_path / "file.bin", pause=lambda _: None)


def test_a_file_that_is_there_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    first = download(server.url, tmp_path / "file.bin")
    assert download(server.url, tmp_path / "file.bin") == first
    assert len(server.ranges) == 1


def test_a_file_that_changed_on_disk_is_not_overwritten(server: Server, tmp_path: Path) -> None:
    download(server.url, tmp_path / "file.bin")
    (tmp_path / "file.bin").write_bytes(b"mine")
    with pytest.raises(DataError, match="has changed since it was downloaded"):
        download(server.url, tmp_path / "file.bin")


def test_a_file_of_somebody_else_is_not_overwritten(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(b"mine")
    with pytest.raises(DataError, match="was not downloaded by this command"):
        download(server.url, tmp_path / "file.bin")


def test_an_address_that_is_not_http_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not an http or https address"):
        download("file:///etc/hostname", tmp_path / "file.bin")
