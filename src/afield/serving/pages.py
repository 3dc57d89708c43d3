"""Pages of an application, read whole at the start and served by exact name: no path from a client is ever opened."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from afield.serving.http import Reply, Request
from afield.serving.routing import ANYONE, Route

POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'none'"
)
KINDS = {".mjs": "text/javascript", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json"}
INDEX = "index.html"


class Pages:
    """The files of one folder of a package, by the path that names each."""

    def __init__(self, place: str) -> None:
        """Read `package:folder` and what lies under it; a folder that has not been made gives no pages."""
        package, _, folder = place.partition(":")
        self._files: dict[str, Reply] = {}
        root = files(package).joinpath(folder) if package else None
        if root is not None and root.is_dir():
            self._read(root, f"/{folder.rpartition('/')[2]}/")

    def find(self, path: str) -> Reply | None:
        """The file at `path`; None where there is none."""
        return self._files.get(path)

    def routes(self) -> Mapping[str, Route]:
        """Every file, and each folder that has an index."""
        return {path: Route("other", {"GET": _given(reply)}, ANYONE) for path, reply in self._files.items()}

    def _read(self, folder: Traversable, path: str) -> None:
        for each in folder.iterdir():
            if each.is_dir():
                self._read(each, f"{path}{each.name}/")
                continue
            reply = _reply(each)
            self._files[path + each.name] = reply
            if each.name == INDEX:
                self._files[path] = reply


def _given(reply: Reply) -> Callable[[Request], Reply]:
    return lambda _: reply


def _reply(file: Traversable) -> Reply:
    content = file.read_bytes()
    suffix = f".{file.name.rpartition('.')[2]}"
    kind = KINDS.get(suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("json", "javascript"))
    headers = (
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
        ("etag", f'"{hashlib.sha256(content).hexdigest()[:32]}"'),
    )
    return Reply(200, content, f"{kind}; charset=utf-8" if text else kind, headers)
