"""Who may call: allow-lists of Host and Origin on every method, and a token with the role that a route asks for."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from afield.errors import ServingError
from afield.serving.config import Config, is_loopback
from afield.serving.routing import ANYONE
from afield.serving.tokens import Token, find, read_tokens

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SEND = "send a token of this service as: Authorization: Bearer TOKEN"
UNKNOWN = "this token is not known here, or was revoked"
EXPIRED = "this token has expired; ask for a new one"
_REMEMBERED = 256


class Tokens:
    """The tokens that count now: those of a file, followed as it changes, and the supervisor's own.

    Attributes:
        problem: why the file's newest content is not in force; "" where it is.
    """

    def __init__(self, file: Path | None = None, *, optional: bool = True, own: str = "") -> None:
        """Take tokens from `file`.

        Args:
            file: as `read_tokens` takes it; None where no token is asked for.
            optional: whether everybody is let in as long as there is no such file: right on loopback only.
            own: digest of the token with which the service's own supervisor looks it over; "" for none.

        Raises:
            ServingError: the file cannot be used, or is missing and not optional, or lets nobody in.
        """
        self._file = file
        self._own = (Token("supervisor", "", own, ("observe",), datetime.now(UTC), None),) if own else ()
        self._kept: tuple[Token, ...] = ()
        self._seen: tuple[int, int, int] | None = None
        self.problem = ""
        self.asked = file is not None and not optional
        if file is not None and (file.exists() or not optional):
            self.refresh()
            if self.problem:
                raise ServingError(self.problem)
            if not optional and not self._opens(datetime.now(UTC)):
                raise ServingError(
                    f"{file} holds no token that is in force, so nobody could call; make one: afield token new APP NAME"
                )

    def refresh(self) -> bool:
        """Take over what the file says now; whether it changed. One that cannot be used leaves what was in force.

        Once there was a file, nobody is let in without a token: not even where it is removed.
        """
        if self._file is None:
            return False
        try:
            status = self._file.stat()
        except FileNotFoundError:
            changed = bool(self._kept)
            self._kept, self._seen = (), None
            lost = f"the tokens' file {self._file} is missing, so nobody is let in; make one: afield token new APP NAME"
            self.problem = lost if self.asked else ""
            return changed
        except OSError as error:
            self.problem = f"the tokens' file {self._file} cannot be read: {error.strerror}"
            return False
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if seen == self._seen:
            return False
        try:
            kept = read_tokens(self._file)
        except ServingError as error:
            self.problem = str(error)
            return False
        self._kept, self._seen, self.asked, self.problem = kept, seen, True, ""
        return True

    def find(self, given: str) -> Token | None:
        """The token that was given, expired or not; None where it is not known."""
        return find(self._kept, given) or find(self._own, given)

    def _opens(self, now: datetime) -> bool:
        """Whether any token of the file is in force."""
        return any(not token.expired(now) for token in self._kept)


class Access:
    """Decides from the headers alone whether a request is let in."""

    def __init__(
        self, hosts: Iterable[str] = (), tokens: Tokens | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Let in requests to loopback names and `hosts`, with one of `tokens` where they are asked for."""
        self._hosts = frozenset(name.lower().strip("[]") for name in (*LOOPBACK, *hosts))
        self._tokens = tokens or Tokens()
        self._clock = clock
        self._known: dict[str, bool] = {}

    def refusal(self, headers: Mapping[str, str], role: str = "") -> tuple[int, str] | None:
        """Status and reason why a request is refused; None where it may go on.

        Args:
            headers: name in lower case → value.
            role: what the route asks for; `ANYONE` needs no token, "" any token.
        """
        host = headers.get("host")
        if host is None or not self._served(f"//{host}"):
            return 403, "this Host is not served here; call the service by an address that it is configured for"
        origin = headers.get("origin")
        if origin is not None and not self._served(origin):
            return 403, "requests from pages of this Origin are refused"
        if not self._tokens.asked or role == ANYONE:
            return None
        return self._unauthorised(headers.get("authorization", ""), role)

    def refresh(self) -> bool:
        """Take over tokens that were made or revoked; whether any were."""
        return self._tokens.refresh()

    @property
    def problem(self) -> str:
        """Why the newest tokens are not in force; "" where they are."""
        return self._tokens.problem

    def _unauthorised(self, authorization: str, role: str) -> tuple[int, str] | None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not given:
            return 401, SEND
        token = self._tokens.find(given.strip())
        if token is None:
            return 401, UNKNOWN
        if token.expires is not None and token.expires.timestamp() <= self._clock():
            return 401, EXPIRED
        if role and role not in token.roles:
            return 403, f"this token lets its bearer {', '.join(token.roles)}; here the role {role} is needed"
        return None

    def _served(self, url: str) -> bool:
        """Whether a URL names a host that is served; the first few that come are remembered."""
        known = self._known.get(url)
        if known is None:
            known = _name(url) in self._hosts
            if len(self._known) < _REMEMBERED:
                self._known[url] = known
        return known


def access(
    hosts: Iterable[str], tokens: str, *, loopback: bool, own: str = "", clock: Callable[[], float] = time.time
) -> Access:
    """Who may call a service that listens on loopback or beyond it.

    Args:
        hosts: names by which clients may call it.
        tokens: the tokens' file; "" for none.
        loopback: whether only this machine can reach it.
        own: digest of the supervisor's own token.
        clock: seconds since 1970.

    Raises:
        ServingError: it could be reached by others, and there is no token in force.
    """
    if not tokens and not loopback:
        raise ServingError("an address that others can reach needs a file of tokens")
    return Access(hosts, Tokens(Path(tokens) if tokens else None, optional=loopback, own=own), clock)


def access_of(config: Config) -> Access:
    """Who may call a service that is configured so.

    Raises:
        ServingError: it could be reached by others, and there is no token in force.
    """
    names, loopback = (config.address, *config.hosts), is_loopback(config.address)
    return access(names, config.token, loopback=loopback, own=config.own)


def _name(url: str) -> str | None:
    """The host that a URL names, without its port, in lower case; None where it names none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
