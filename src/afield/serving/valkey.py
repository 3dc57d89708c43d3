"""Drafts kept in Valkey or Redis, by URL; a server that is slow, full or gone costs a request its deadline once."""

import logging
import time
from collections.abc import Callable
from typing import Literal, cast

from afield.errors import UsageError
from afield.serving.complaint import Complaint

try:
    from valkey import Valkey
    from valkey.backoff import NoBackoff
    from valkey.exceptions import ResponseError, ValkeyError
    from valkey.retry import Retry
except ImportError as missing:
    raise UsageError("a cache by URL needs the client of Valkey: pip install 'afield[valkey]'") from missing

DEADLINE = 0.02
PAUSE = 1.0

_log = logging.getLogger("afield.cache")


class ValkeyStore:
    """A store that several processes share."""

    def __init__(
        self,
        url: str,
        prefix: str,
        *,
        deadline: float = DEADLINE,
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep drafts at `url`, under names that begin with `prefix`.

        Args:
            url: `valkey://`, `redis://`, `valkeys://`, `rediss://` or `unix://`.
            prefix: keeps applications apart.
            deadline: seconds after which the server counts as gone.
            pause: seconds for which a server that is gone is not asked.
            clock: gives seconds.

        Raises:
            UsageError: this is no such URL.
        """
        try:
            self._client = Valkey.from_url(
                url,
                socket_timeout=deadline,
                socket_connect_timeout=deadline,
                retry=Retry(NoBackoff(), 0),
                decode_responses=False,
            )
            pool = self._client.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # refuses options that it does not know; connects nowhere
        except (ValueError, TypeError) as error:
            # Nothing of the URL is shown: where it is written wrongly, any part of it may be the password.
            raise UsageError(
                "--cache is no URL of a Valkey or Redis; write it as valkey://127.0.0.1:6379/0 "
                "(or redis, valkeys, rediss, unix), a password as valkey://:PASSWORD@HOST:6379/0"
            ) from error
        self._prefix = prefix
        self._pause = pause
        self._clock = clock
        self._quiet = float("-inf")
        self._gone = ""
        self._refused: dict[str, str] = {}
        self._complaint = Complaint(_log, clock=clock)

    @property
    def problem(self) -> str:
        """Why the server does not do what is asked of it; "" where it does. It is asked whether it is there."""
        self._asked("ping", self._client.ping)
        return self._gone or next(iter(self._refused.values()), "")

    def get(self, name: str) -> bytes | None:
        """What is kept under a name; None where the server does not say in time."""
        return cast("bytes | None", self._asked("get", lambda: self._client.get(self._prefix + name)))

    def put(self, name: str, content: bytes, seconds: float) -> bool:
        """Keep it for at most so long; False where the server is full or gone."""
        life = max(1, int(seconds * 1000))
        return bool(self._asked("set", lambda: self._client.set(self._prefix + name, content, px=life)))

    def claim(self, name: str, seconds: float) -> bool:
        """Whether the caller is the first; True where the server does not say, so that the work is done."""
        life = max(1, int(seconds * 1000))
        claimed = self._asked("set", lambda: self._client.set(self._prefix + name, b"1", px=life, nx=True))
        return claimed is not None or bool(self._gone) or "set" in self._refused

    def close(self) -> None:
        """Close the connections."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _asked(self, what: Literal["ping", "get", "set"], ask: Callable[[], object]) -> object:
        """What the server replies; None, and a problem, where it does not. A full one takes nothing and still gives."""
        if self._clock() < self._quiet:
            return None
        reply = None
        try:
            reply = ask()
            self._gone = ""
            self._refused.pop(what, None)
        except ResponseError as error:  # it is there, and refuses: full, or of another kind
            self._gone, self._refused[what] = "", f"the cache refuses: {error}; answers come from the model"
        except (ValkeyError, OSError) as error:
            self._quiet = self._clock() + self._pause
            self._gone = f"the cache does not answer: {error or type(error).__name__}; answers come from the model"
        self._complaint.hear((self._gone, *self._refused.values()))
        return reply
