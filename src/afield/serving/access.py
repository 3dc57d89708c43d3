"""Who may call: allow-lists of Host and Origin on every method, and a bearer token where one is set."""

import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Access:
    """Decides from the headers alone whether a request is let in."""

    def __init__(self, hosts: Iterable[str] = (), token: str = "") -> None:
        """Let in requests to loopback names and `hosts`, with `token` where it is not ""."""
        self._hosts = frozenset(name.lower().strip("[]") for name in (*LOOPBACK, *hosts))
        self._expected = f"Bearer {token}".encode() if token else b""

    def refusal(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Status and reason why the request is refused; None where it may go on."""
        host = headers.get("host")
        if host is None or _name(f"//{host}") not in self._hosts:
            return 403, "this Host is not served here; call the service by an address that it is configured for"
        origin = headers.get("origin")
        if origin is not None and _name(origin) not in self._hosts:
            return 403, "requests from pages of this Origin are refused"
        if self._expected:
            given = headers.get("authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, self._expected):
                return 401, "send the service's token as: Authorization: Bearer TOKEN"
        return None


def _name(url: str) -> str | None:
    """The host that a URL names, without its port, in lower case; None where it names none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
