"""The service: one reply for every request, by the routes that it is given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from afield.serving.access import Access
from afield.serving.http import LARGEST_BODY, NotFoundError, Reply, Request, failed, refused
from afield.serving.journal import Watch
from afield.serving.routing import Route, Table

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long requests may wait, and for how many others.

    Attributes:
        within: seconds in which a request is answered or refused, where its client does not say less.
        gather: seconds to wait for more requests to answer together; 0: those that are there.
        together: how many are answered together at most.
        slice: seconds that answering together may take before the loop looks at its connections again.
        waiting: requests that wait in one lane at most.
    """

    within: float = 2.0
    gather: float = 0.0
    together: int = 256
    slice: float = 0.05
    waiting: int = 256


class Service:
    """Admits requests and answers them; a transport calls it, from any thread."""

    def __init__(
        self,
        *families: Mapping[str, Route],
        access: Access,
        counted: Callable[[str, int, int], None],
        leave: Callable[[], None] = lambda: None,
        close: Callable[[], None] = lambda: None,
        patience: Patience = Patience(),
        shed: Callable[[str], None] = lambda _: None,
        watch: Watch | None = None,
    ) -> None:
        """Serve these families of routes.

        Args:
            families: path or pattern → route; see `Table`.
            access: decides who is let in.
            counted: told the label and the status of replies, and how many there were.
            leave: told when the service is about to stop, so that it says that it is not ready.
            close: told when the last request has been answered.
            patience: how long requests may wait, and for how many others.
            shed: told the label of each request that is refused for want of time.
            watch: told each request with its reply, by the transport.

        Raises:
            UsageError: two families give the same path.
        """
        self._table = Table(*families)
        self._access = access
        self._counted = counted
        self.leave, self.close = leave, close
        self.patience, self.shed, self.watch = patience, shed, watch

    @property
    def paths(self) -> Mapping[str, Route]:
        """Everything that is served: path or pattern → route."""
        return self._table.paths

    def largest(self, path: str) -> int:
        """Bytes of a body that are read at most at `path`."""
        found = self._table.find(path)
        return found[0].largest if found else LARGEST_BODY

    def reply(self, request: Request) -> Reply:
        """The reply to one request, whatever it is."""
        admitted = self.admitted(request.method, request.path, request.headers)
        if isinstance(admitted, Reply):
            return admitted
        route, names = admitted
        return self.answered(route, msgspec.structs.replace(request, names=names) if names else request)

    def admitted(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[Route, Mapping[str, str]] | Reply:
        """The route of a request and what its pattern names, by its head alone; or why it is refused."""
        found = self._table.find(path)
        refusal = self._access.refusal(headers, found[0].role if found else "")
        if refusal is not None:
            told = (("www-authenticate", "Bearer"),) if refusal[0] == 401 else ()
            return self.counted(found[0] if found else None, refused(*refusal, told))
        if found is None:
            return self.counted(None, failed(NotFoundError("nothing is served at this path")))
        if method not in found[0].methods and (method != "HEAD" or "GET" not in found[0].methods):
            allowed = ", ".join(found[0].methods)
            return self.counted(found[0], refused(405, f"this path answers to {allowed}", (("allow", allowed),)))
        return found

    def answered(self, route: Route, request: Request) -> Reply:
        """The reply of a route to a request that it admitted."""
        handler = route.methods["GET" if request.method == "HEAD" else request.method]
        try:
            reply = handler(request)
        except Exception as error:  # every failure becomes a reply; the unexpected ones are logged there
            reply = failed(error, request.identity)
        return self.counted(route, reply)

    def together(self, route: Route, requests: Sequence[Request]) -> Sequence[Reply]:
        """The replies of a route to requests that are answered together, in their order."""
        if route.together is None or len(requests) == 1:
            return [self.answered(route, request) for request in requests]
        try:
            replies = route.together(requests)
        except Exception as error:  # as above, for all of them
            replies = [failed(error)] * len(requests)
        statuses = [reply.status for reply in replies]
        for status in set(statuses):
            self._counted(route.label, status, statuses.count(status))
        return replies

    def counted(self, route: Route | None, reply: Reply) -> Reply:
        """The reply, counted."""
        self._counted(route.label if route else OTHER, reply.status, 1)
        return reply
