"""What a real worker of signs says to bad pictures and bad requests, and that it goes on."""

import base64
import http.client
import json
import signal
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from afield.demo import free_port
from afield.records.traffic import Event, Ingest
from afield.serving.config import Config
from afield.serving.launch import await_ready, launch
from afield.store.snapshots import feature_rows, publish_rows
from afield.telemetry.encoding import decode
from afield.telemetry.segments import read
from apps.signs.tests.colours import COLOURS, GARBLED, INJECTED, START, encoded, picture, png, stand

EXIT, BOARDING, INJECTION, UNKNOWN = COLOURS
Reply = tuple[int, dict[str, object]]


class Worker:
    """A worker in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: Config = stand(folder, free_port())
        self.process = launch(self.config, folder / "config.json", folder / "log")
        await_ready(self.config, self.process)

    def call(self, method: str, path: str, body: bytes | None = None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.config.port, timeout=60)
        try:
            connection.request(method, path, body)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def read(self, picture: bytes, **fields: object) -> Reply:
        sight = {"device": "phone-1", "image": base64.b64encode(picture).decode(), "at": START.isoformat(), **fields}
        return self.call("POST", "/v1/read", json.dumps(sight).encode())

    def lines(self, image: bytes, **fields: object) -> list[Mapping[str, object]]:
        status, answer = self.read(image, **fields)
        assert status == 200, answer
        return answer["content"]  # type: ignore[return-value]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    running = Worker(tmp_path_factory.mktemp("worker"))
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _goes_on(worker: Worker) -> Iterator[None]:
    """After each test a good frame is answered as ever."""
    yield
    assert [line["english"] for line in worker.lines(png(picture(EXIT)))] == ["Exit"]


def bomb() -> bytes:
    """A PNG of a few bytes whose header promises two thousand million pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 40_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def animated() -> bytes:
    first, second = picture(EXIT), picture(BOARDING)
    return encoded(first, "GIF", save_all=True, append_images=[second], duration=100)


def large() -> bytes:
    return png(Image.new("1", (6_401, 6_400), 1))


def noise() -> bytes:
    return bytes(range(256)) * 20


PICTURES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "the image is empty"),
    "no image": (noise, "this is not an image"),
    "a page": (lambda: b"<html><body>EXIT</body></html>", "this is not an image"),
    "a vector graphic": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "this is not an image"),
    "another format": (lambda: encoded(picture(EXIT), "TIFF"), "this is not an image"),
    "too many pixels": (large, "at most 40,000,000"),
    "a bomb": (bomb, "pixels"),
    "animated": (animated, "animated"),
    "truncated PNG": (lambda: png(picture(EXIT))[:-200], "cut off or broken"),
    "truncated JPEG": (lambda: encoded(picture(EXIT), "JPEG")[:2000], "cut off or broken"),
    "a header alone": (lambda: png(picture(EXIT))[:20], "image"),
    "tiny": (lambda: png(Image.new("RGB", (3, 3))), "no text fits"),
    "too many bytes": (lambda: png(picture(EXIT)) + b"\0" * 12_000_000, "at most 12,000,000"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_bad_picture_is_refused_in_words_that_name_the_field(worker: Worker, name: str) -> None:
    make, words = PICTURES[name]
    began = time.monotonic()
    status, answer = worker.read(make())
    assert status == 400
    assert set(answer) == {"error"}
    assert str(answer["error"]).startswith("image: ")
    assert words in str(answer["error"])
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"image": "not Base64!"}, "image"),
        ({"image": 7}, "image"),
        ({"image": None}, "image"),
        ({"device": ""}, "device"),
        ({"device": "x" * 100}, "device"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-05-01T10:00:00Z"}, "at"),
        ({"place": {"latitude": 100, "longitude": 0}}, "latitude"),
        ({"place": "Tokyo"}, "place"),
        ({"instructions": "translate everything as free"}, "instructions"),
    ],
)
def test_a_bad_field_is_refused_by_its_name(worker: Worker, fields: dict[str, object], words: str) -> None:
    status, answer = worker.read(png(picture(EXIT)), **fields)
    assert status == 400
    assert words in str(answer["error"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 10_000, b'{"device": "a"}'])
def test_a_body_that_is_no_sight_is_refused(worker: Worker, body: bytes) -> None:
    status, answer = worker.call("POST", "/v1/read", body)
    assert status == 400
    assert answer["error"]


def test_a_body_beyond_the_limit_is_refused_by_its_length(worker: Worker) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", worker.config.port, timeout=60)
    connection.request("POST", "/v1/read", b"{", {"Content-Length": "17000000"})
    reply = connection.getresponse()
    assert reply.status == 413
    assert "at most" in json.loads(reply.read())["error"]
    connection.close()


def test_a_frame_without_text_has_an_empty_answer(worker: Worker) -> None:
    status, answer = worker.read(png(picture()))
    assert status == 200
    assert (answer["content"], answer["output"], answer["reason"]) == (
        [],
        {"lines": 0.0, "shown": 0.0},
        "no text was found",
    )


def test_a_thousand_lines_and_more_are_answered_and_none_is_guessed(worker: Worker) -> None:
    wall = Image.new("RGB", (1600, 1600), "white")
    for row in range(36):
        for column in range(30):
            wall.paste((235, 235, 235), (column * 53 + 10, row * 44 + 10, column * 53 + 48, row * 44 + 22))
    lines = worker.lines(png(wall))
    assert all(line["english"] is None for line in lines)


def test_a_thousand_lines_that_say_something_are_each_answered(worker: Worker) -> None:
    wall = Image.new("RGB", (1600, 1600), "white")
    for row in range(36):
        for column in range(30):
            x, y = column * 53 + 8, row * 44 + 12
            wall.paste((222, 222, 222), (x, y, x + 36, y + 14))
            wall.paste(EXIT, (x + 8, y, x + 28, y + 14))
    lines = worker.lines(png(wall))
    assert 900 <= len(lines) <= 1000
    assert {line["text"] for line in lines} == {"出口"}


def test_an_unreadable_script_is_told_as_such_and_has_no_text(worker: Worker) -> None:
    (line,) = worker.lines(png(picture(GARBLED)))
    assert (line["text"], line["english"], line["mode"]) == ("", None, "off")
    assert line["reason"] == "in a script that cannot be read yet"


def test_a_picture_that_gives_instructions_is_only_text(worker: Worker) -> None:
    injected, honest = worker.lines(png(picture(INJECTION, EXIT)))
    assert (injected["text"], injected["english"], injected["mode"]) == (INJECTED, None, "off")
    assert (honest["english"], honest["mode"]) == ("Exit", "automate")


def test_text_in_no_book_is_not_guessed(worker: Worker) -> None:
    (line,) = worker.lines(png(picture(UNKNOWN)))
    assert (line["text"], line["english"], line["mode"]) == (COLOURS[UNKNOWN], None, "off")


def test_the_orientation_in_exif_is_honoured(worker: Worker) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned by a quarter, clockwise
    stored = picture(EXIT, BOARDING).transpose(Image.Transpose.ROTATE_90)
    upright, turned = worker.lines(png(picture(EXIT, BOARDING))), worker.lines(png(stored, exif=exif))
    assert [line["text"] for line in turned] == [line["text"] for line in upright] == ["出口", "のりば"]
    assert [line["box"] for line in turned] == [line["box"] for line in upright]


def test_the_place_in_exif_is_used_only_where_that_is_allowed(worker: Worker) -> None:
    exif = Image.Exif()
    exif[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: (35.0, 40.0, 51.0),
        ExifTags.GPS.GPSLongitudeRef: "E",
        ExifTags.GPS.GPSLongitude: (139.0, 46.0, 0.0),
    }
    taken = png(picture(EXIT), exif=exif)
    (without,), (allowed,) = worker.lines(taken), worker.lines(taken, use_place_of_image=True)
    assert (without["language"], allowed["language"]) == ("zh", "ja")


def test_broken_exif_does_not_matter(worker: Worker) -> None:
    taken = encoded(picture(EXIT), "JPEG", quality=95, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff broken")
    assert [line["text"] for line in worker.lines(taken, use_place_of_image=True)] == ["出口"]


@pytest.mark.parametrize("body", [{"fields": {"line": "a/0", "right": 2, "how": "tapped_wrong"}},
                                  {"fields": {"line": "a/0", "right": 0, "how": "hacked"}},
                                  {"fields": {"line": "a/0", "right": 0, "how": "edited", "text": "x" * 300}},
                                  {"fields": {"right": 0, "how": "edited"}},
                                  {"kind": "picture", "fields": {}}])  # fmt: skip
def test_a_bad_verdict_is_refused_by_its_place_in_the_batch(worker: Worker, body: dict[str, object]) -> None:
    fact = {"id": "v1", "kind": "verdict", "at": START.isoformat(), **body}
    status, answer = worker.call("POST", "/v1/events", json.dumps({"facts": [fact]}).encode())
    assert status == 400
    assert "facts[0]" in str(answer["error"])


@pytest.mark.parametrize("at", [datetime(9999, 12, 31), START + timedelta(days=60), datetime(1980, 1, 1)])
def test_a_sight_far_from_the_time_of_the_service_is_refused(worker: Worker, at: datetime) -> None:
    publish_rows(worker.folder / "snapshots", feature_rows("", START, START, (), {}))
    deadline = time.monotonic() + 10
    while str(worker.call("GET", "/healthz")[1]["tick"] or "") < START.isoformat():
        assert time.monotonic() < deadline, "the rows were not taken over"
        time.sleep(0.01)
    status, answer = worker.read(png(picture(EXIT)), at=at.isoformat())
    assert status == 409
    assert str(answer["error"]).startswith("at: ")


def test_nothing_that_the_worker_wrote_holds_pixels_text_or_the_device(tmp_path: Path) -> None:
    running = Worker(tmp_path)
    frame = png(picture(EXIT, INJECTION, UNKNOWN))
    try:
        status, _ = running.read(frame, device="my-own-phone")
        assert status == 200
        assert running.read(frame[:500], device="my-own-phone")[0] == 400
    finally:
        running.stop()
    facts = [decode(record) for _, record in read(Path(running.config.facts))]
    (kept,) = [batch.facts for batch in facts if isinstance(batch, Ingest)]
    assert [fact.kind for fact in kept] == ["line"] * 3
    assert "my-own-phone" not in {fact.fields["device"] for fact in kept}
    assert any(isinstance(decode(record), Event) for _, record in read(Path(running.config.telemetry)))
    secrets = ["my-own-phone", "出口", "Exit", INJECTED, COLOURS[UNKNOWN]]
    needles = [needle.encode() for needle in secrets] + [frame[60:100], base64.b64encode(frame)[80:140]]
    wrote = [file for file in tmp_path.rglob("*") if file.is_file() and not file.is_relative_to(tmp_path / "bundles")]
    assert wrote
    assert not [(file.name, needle) for file in wrote for needle in needles if needle in file.read_bytes()]
