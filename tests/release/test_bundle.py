import ast
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import afield.release.bundle
from afield.errors import ReleaseError
from afield.records.release import File
from afield.release.bundle import load, write
from afield.release.canonical import canonical
from afield.release.layout import sha256
from afield.release.signing import Signer, Statement, sign_statement

AT = datetime(2024, 3, 2, tzinfo=UTC)


def place(store, manifest):
    """Write a bundle by hand, signed, with whatever manifest; return its digest."""
    raw = manifest if isinstance(manifest, bytes) else canonical(manifest)
    digest = sha256(raw)
    folder = store.root / digest
    for name, content in store.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "manifest.json").write_bytes(raw)
    statement = Statement("release", "surge", digest, 1, AT)
    (folder / "signature.json").write_bytes(sign_statement(statement, store.signer))
    return digest


def listed(store, **changes):
    """A manifest whose files are those of the store."""
    files = tuple(File(name, sha256(content), len(content)) for name, content in sorted(store.files.items()))
    return msgspec.structs.replace(store.manifest(), **{"files": files, **changes})


def test_a_bundle_reads_back_as_written(store):
    digest = store.write()
    bundle = store.load(digest)
    assert bundle.digest == digest == sha256((store.root / digest / "manifest.json").read_bytes())
    assert {file.name: bundle.read(file.name) for file in bundle.manifest.files} == store.files
    assert bundle.model("demand") == store.files["parts/demand/model.onnx"]
    assert bundle.golden == store.golden
    assert bundle.sequence == 1


def test_a_file_that_is_not_in_the_bundle_cannot_be_read(store):
    with pytest.raises(ReleaseError, match="no file"):
        store.load(store.write()).read("../../keys/signing.pem")


def test_writing_twice_changes_nothing(store):
    digest = store.write()
    before = {path: path.stat().st_mtime_ns for path in (store.root / digest).rglob("*")}
    assert store.write() == digest
    assert {path: path.stat().st_mtime_ns for path in (store.root / digest).rglob("*")} == before


def test_writing_leaves_nothing_but_the_bundle(store):
    digest = store.write()
    assert [path.name for path in store.root.iterdir()] == [digest]


def test_a_write_that_fails_half_way_leaves_nothing(store, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReleaseError, match="No space left"):
        store.write()
    assert list(store.root.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../evil.onnx",
        "parts/../model.onnx",
        "parts/a/b/model.onnx",
        "/etc/passwd",
        "parts/demand/model.pkl",
        "tables/a.joblib",
        "tables/a.arrow\n",
        "tables/" + "a" * 300 + ".arrow",
        "tables\\a.arrow",
        "tables/%2e%2e.arrow",
        "code.py",
        "manifest.json",
        "signature.json",
        "",
    ],
)
def test_a_file_name_outside_the_layout_is_refused_on_writing_and_on_loading(store, name):
    with pytest.raises(ReleaseError, match="not allowed"):
        write(store.root, store.manifest(), {**store.files, name: b""}, store.signer)
    files = (*listed(store).files, File(name, sha256(b""), 0))
    with pytest.raises(ReleaseError, match="not allowed"):
        store.load(place(store, listed(store, files=files)))


@pytest.mark.parametrize("name", ["golden.json", "card.md", "parts/demand/model.onnx"])
def test_a_bundle_without_a_required_file_is_refused(store, name):
    files = {key: content for key, content in store.files.items() if key != name}
    with pytest.raises(ReleaseError):
        write(store.root, store.manifest(), files, store.signer)


def test_golden_rows_that_do_not_read_are_refused_before_anything_is_written(store):
    with pytest.raises(ReleaseError, match="golden"):
        write(store.root, store.manifest(), {**store.files, "golden.json": b"{}"}, store.signer)
    assert not store.root.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(data=st.data())
def test_any_changed_byte_of_any_file_is_noticed(store, data):
    folder = store.root / store.write()
    path = data.draw(st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file())))
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    try:
        with pytest.raises(ReleaseError):
            store.load(folder.name)
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["manifest.json", "signature.json", "golden.json", "parts/demand/model.onnx"])
@pytest.mark.parametrize("change", ["cut", "longer", "gone", "empty", "folder", "link"])
def test_a_damaged_file_is_refused(store, name, change, tmp_path):
    digest = store.write()
    path = store.root / digest / name
    content = path.read_bytes()
    path.unlink()
    match change:
        case "cut":
            path.write_bytes(content[:-1])
        case "longer":
            path.write_bytes(content + b"\n")
        case "empty":
            path.write_bytes(b"")
        case "folder":
            path.mkdir()
        case "link":
            (tmp_path / "outside").write_bytes(content)
            path.symlink_to(tmp_path / "outside")
    with pytest.raises(ReleaseError):
        store.load(digest)


@pytest.mark.parametrize("name", ["extra.py", "parts/demand/model.pkl", ".hidden", "parts/other/model.onnx"])
def test_an_extra_file_is_refused(store, name):
    digest = store.write()
    extra = store.root / digest / name
    extra.parent.mkdir(exist_ok=True)
    extra.write_bytes(b"")
    with pytest.raises(ReleaseError, match="not in the manifest"):
        store.load(digest)


def test_an_extra_folder_link_or_pipe_is_refused(store, tmp_path):
    digest = store.write()
    (store.root / digest / "empty").mkdir()
    with pytest.raises(ReleaseError, match="empty folder"):
        store.load(digest)
    (store.root / digest / "empty").rmdir()
    (store.root / digest / "link").symlink_to(tmp_path)
    with pytest.raises(ReleaseError, match="no links"):
        store.load(digest)
    (store.root / digest / "link").unlink()
    os.mkfifo(store.root / digest / "pipe")
    with pytest.raises(ReleaseError, match="no links"):
        store.load(digest)


def test_a_bundle_folder_that_is_a_link_is_refused(store, tmp_path):
    digest = store.write()
    (store.root / digest).rename(tmp_path / "elsewhere")
    (store.root / digest).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match="no links"):
        store.load(digest)


@pytest.mark.parametrize("digest", ["..", "", "A" * 64, "a" * 63, "../" + "a" * 61, "/proc/self/root", "a" * 64 + "\n"])
def test_a_name_that_is_no_digest_is_refused(store, digest):
    with pytest.raises(ReleaseError, match="no release digest"):
        store.load(digest)


def test_an_unknown_release_is_named(store):
    with pytest.raises(ReleaseError, match="no release aaaa"):
        store.load("a" * 64)


def test_another_signer_is_refused(store, tmp_path):
    digest = write(store.root, store.manifest(), store.files, Signer(tmp_path / "other.pem"))
    with pytest.raises(ReleaseError, match="not trusted"):
        store.load(digest)


def test_a_signature_for_another_release_is_refused(store):
    first, second = store.write(1), store.write(2)
    (store.root / first / "signature.json").write_bytes((store.root / second / "signature.json").read_bytes())
    with pytest.raises(ReleaseError, match="another release"):
        store.load(first)


def test_a_bundle_under_another_name_is_refused(store):
    digest = store.write()
    (store.root / digest).rename(store.root / ("0" * 64))
    with pytest.raises(ReleaseError):
        store.load("0" * 64)


def test_a_newer_manifest_asks_for_an_upgrade(store):
    raw = canonical({**msgspec.to_builtins(listed(store)), "schema": 2, "parts": "in a form not yet known"})
    with pytest.raises(ReleaseError, match="newer than 1; upgrade"):
        store.load(place(store, raw))


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"schema":true}', b"[" * 100_000, b"\xff"])
def test_a_signed_manifest_that_does_not_read_is_refused(store, raw):
    with pytest.raises(ReleaseError):
        store.load(place(store, raw))


def test_a_signed_manifest_out_of_canonical_form_is_refused(store):
    with pytest.raises(ReleaseError, match="canonical"):
        store.load(place(store, msgspec.json.encode(listed(store))))


def test_a_manifest_with_fields_that_are_not_known_yet_still_loads(store):
    raw = canonical({**msgspec.to_builtins(listed(store)), "added_later": 1})
    assert store.load(place(store, raw)).manifest.application == "surge"


def test_a_file_that_changes_after_loading_is_noticed_on_reading(store):
    bundle = store.load(store.write())
    (bundle.folder / "parts/demand/model.onnx").write_bytes(b"something else" * 4)
    with pytest.raises(ReleaseError, match="changed"):
        bundle.model("demand")


def test_an_older_sequence_is_refused(store):
    digest = store.write(sequence=3)
    assert store.load(digest, seen=3).sequence == 3
    with pytest.raises(ReleaseError, match="downgrade"):
        store.load(digest, seen=4)


def test_a_newly_signed_statement_allows_going_back(store):
    digest = store.write(sequence=3)
    statement = sign_statement(Statement("rollback", "surge", digest, 9, AT, "worse in the rain"), store.signer)
    bundle = store.load(digest, seen=8, statement=statement)
    assert bundle.sequence == 9
    assert store.load(digest, seen=bundle.sequence, statement=statement).sequence == 9


def test_an_old_rollback_statement_is_not_taken_again(store):
    digest = store.write(sequence=3)
    statement = sign_statement(Statement("rollback", "surge", digest, 5, AT), store.signer)
    with pytest.raises(ReleaseError, match="downgrade"):
        store.load(digest, seen=8, statement=statement)


@pytest.mark.parametrize(
    "changes", [{"release": "b" * 64}, {"application": "signs"}, {"kind": "release"}], ids=["release", "app", "kind"]
)
def test_a_statement_about_something_else_is_refused(store, changes):
    digest = store.write(sequence=3)
    statement = msgspec.structs.replace(Statement("rollback", "surge", digest, 9, AT), **changes)
    with pytest.raises(ReleaseError, match="is needed"):
        store.load(digest, seen=8, statement=sign_statement(statement, store.signer))


def test_a_statement_by_another_signer_is_refused(store, tmp_path):
    digest = store.write(sequence=3)
    other = Signer(tmp_path / "other.pem")
    with pytest.raises(ReleaseError, match="not trusted"):
        store.load(digest, seen=8, statement=sign_statement(Statement("rollback", "surge", digest, 9, AT), other))


AUDIT = """
import sys
seen = []
watching = False
def hook(event, arguments):
    if event == "import" and str(arguments[0]).split(".")[0] in FORBIDDEN:
        seen.append((event, arguments[0]))
    if event.startswith("pickle.") or (watching and event in LIVE):
        seen.append((event, str(arguments)[:80]))
FORBIDDEN = {"pickle", "_pickle", "cloudpickle", "joblib", "dill", "shelve"}
LIVE = {"import", "exec", "compile", "marshal.loads", "os.system", "os.exec", "subprocess.Popen", "ctypes.dlopen"}
sys.addaudithook(hook)
from pathlib import Path
from afield.release.bundle import load
from afield.release.signing import Trusted
root, digest, trusted = sys.argv[1:]
load(Path(root), digest, Trusted(Path(trusted)))
watching = True
bundle = load(Path(root), digest, Trusted(Path(trusted)))
bundle.model("demand")
watching = False
heavy = {"polars", "deltalake", "sqlalchemy", "scipy", "sklearn", "lightgbm", "pickle"} & set(sys.modules)
assert not seen and not heavy, (seen, heavy)
"""


def test_loading_imports_no_pickle_and_executes_nothing(store, tmp_path):
    digest = store.write()
    done = subprocess.run(
        [sys.executable, "-I", "-c", AUDIT, str(store.root), digest, str(tmp_path / "trusted")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_no_module_of_the_load_path_names_a_pickle_module():
    for path in Path(afield.release.bundle.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"pickle", "cloudpickle", "joblib", "dill", "marshal"}


def test_a_load_needs_no_private_key(store, tmp_path):
    digest = store.write()
    (tmp_path / "keys" / "signing.pem").unlink()
    assert load(store.root, digest, store.trusted).digest == digest
