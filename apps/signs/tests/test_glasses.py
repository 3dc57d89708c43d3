"""The edition of a release for glasses: what is in it, and that it reads and translates without a network."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from afield.application import Designs
from afield.compiled import open_static
from afield.control.office import Office, open_office
from afield.errors import DataError, ReleaseError
from afield.exchange.editing import contents, edition_files
from afield.exchange.writing import write_folder
from afield.records.release import Part
from afield.records.traffic import Event, Fact
from afield.release.bundle import Bundle, load, write
from afield.release.signing import Signer, Trusted
from apps.signs.tests.colours import COLOURS, picture, png, stand
from signs.application import signs
from signs.glasses import KNOWN, slim
from signs.reading.models import packaged, pretrained
from signs.sights import Sight, sample

NOW = datetime(2026, 5, 1, 10)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return open_office(signs(), tmp_path_factory.mktemp("glasses"), lambda _: None)


@pytest.fixture(scope="module")
def whole(office: Office) -> Bundle:
    """A release with the pretrained detector; what else is in it was made by hand."""
    config = stand(office.home.folder, 1)
    (folder,) = Path(config.bundles).iterdir()
    trusted = Trusted(Path(config.trusted))
    made = load(folder.parent, folder.name, trusted)
    parts = tuple(
        Part("detection", (), ("fetch_name_0",), "pretrained") if part.name == "detection" else part
        for part in made.manifest.parts
    )
    files = {file.name: made.read(file.name) for file in made.manifest.files}
    files["parts/detection/model.onnx"] = pretrained()["detection"]
    signer = Signer(office.home.folder / "signing.key")
    digest = write(folder.parent, msgspec.structs.replace(made.manifest, parts=parts), files, signer)
    return load(folder.parent, digest, trusted)


@pytest.fixture(scope="module")
def product(office: Office, whole: Bundle) -> Path:
    folder = office.home.root / "product"
    write_folder(folder, edition_files(office, whole))
    return folder


def edition(product: Path) -> Bundle:
    (folder,) = (product / "bundles").iterdir()
    return load(folder.parent, folder.name, Trusted(product / "trusted"))


def test_the_edition_has_the_tiny_reader_and_no_dictionary(product: Path, whole: Bundle) -> None:
    made = edition(product)
    parts = {part.name: part.recipe for part in made.manifest.parts}
    assert set(parts) == {"confidence", "detection", "recognition", "language"}
    assert parts["recognition"].startswith("PP-OCRv6 tiny recognition")
    assert made.read("tables/phrases.json") == whole.read("tables/phrases.json")
    assert len(made.read("tables/words.bin")) < 100
    assert sum(file.size for file in made.manifest.files) < 8 * 2**20


def test_the_edition_names_the_release_that_it_came_of(product: Path, whole: Bundle) -> None:
    made = edition(product)
    assert made.manifest.parent == whole.digest
    assert made.manifest.sequence == whole.manifest.sequence
    assert "no kana" in made.read("card.md").decode()


def test_glasses_read_and_translate_a_sign_without_a_network(
    product: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object, **__: object) -> object:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr("socket.socket", offline)
    monkeypatch.setattr("socket.create_connection", offline)
    events: list[Event] = []
    facts: list[Fact] = []
    host = open_static(
        product, office.operate, "signs", clock=lambda: NOW, record=events.append, keep=lambda kept: facts.extend(kept)
    )
    answer = host.ask(sample(NOW, "").encode())
    assert isinstance(answer.content, tuple)
    assert [(line["text"], line["english"]) for line in answer.content] == [("出口", "Exit")]
    assert answer.applied == ("static",)
    assert answer.release == edition(product).digest
    assert [event.id for event in events] == [answer.id]
    assert [fact.kind for fact in facts] == ["line"]


def test_a_picture_without_text_is_answered_too(product: Path, office: Office) -> None:
    host = open_static(product, office.operate, "signs", clock=lambda: NOW, record=lambda _: None)
    assert host.ask(msgspec.json.encode(Sight("g1", png(picture()), NOW))).reason == "no text was found"


def test_an_edition_with_one_byte_changed_is_refused(product: Path, office: Office) -> None:
    changed = office.home.root / "changed"
    files = {str(path.relative_to(product)): path.read_bytes() for path in product.rglob("*") if path.is_file()}
    name = next(name for name in files if name.endswith("phrases.json"))
    files[name] = files[name].replace(b"Exit", b"Exot", 1)
    write_folder(changed, files)
    with pytest.raises(ReleaseError, match="changed or cut short"):
        open_static(changed, office.operate, "signs", clock=lambda: NOW, record=lambda _: None)


def test_the_tiny_reader_knows_no_kana() -> None:
    known = packaged(*KNOWN).decode().splitlines()
    assert "口" in known
    assert not {"あ", "ア"} & {*known}


def test_a_release_without_a_reader_has_no_edition(whole: Bundle) -> None:
    made = contents(whole)
    with pytest.raises(DataError, match="no part recognition"):
        slim(replace(made, parts={name: part for name, part in made.parts.items() if name != "recognition"}))


def test_an_application_without_an_edition_ships_the_release_as_it_is(office: Office, whole: Bundle) -> None:
    plain = replace(office, operate=replace(office.operate, designs=Designs()))
    files = edition_files(plain, whole)
    assert f"bundles/{whole.digest}/signature.json" in files


@pytest.mark.slow
def test_a_process_that_holds_the_edition_alone_stays_within_its_memory(
    product: Path, office: Office, tmp_path: Path
) -> None:
    frame = picture(*COLOURS, size=(640, 480))
    bodies = [sample(NOW, ""), msgspec.json.encode(Sight("g1", png(frame), NOW)).decode()]
    (tmp_path / "bodies.json").write_bytes(msgspec.json.encode(bodies))
    command = [sys.executable, "-m", "benchmarks.static_product", "signs", product, tmp_path / "bodies.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(done.stdout)["peak"] <= office.operate.designs.static.memory
