"""The service: one reply for every request, by the routes that it is given."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from afield.serving.access import Access
from afield.serving.http import LARGEST_BODY, NotFoundError, Reply, Request, failed, refused
from afield.serving.routing import Route, Table


class Service:
    """Replies to requests, from any thread; those that POST something take turns in a process."""

    def __init__(self, *families: Mapping[str, Route], access: Access, counted: Callable[[str, int], None]) -> None:
        """Serve these families of routes.

        Args:
            families: path or pattern → route; see `Table`.
            access: decides who is let in.
            counted: told the label and the status of every reply.

        Raises:
            UsageError: two families give the same path.
        """
        self._table = Table(*families)
        self._access = access
        self._counted = counted
        self._turn = threading.Lock()

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
        found = self._table.find(request.path)
        try:
            reply = self._routed(request, found)
        except Exception as error:  # every failure becomes a reply; the unexpected ones are logged there
            reply = failed(error)
        self._counted(found[0].label if found else "other", reply.status)
        return reply

    def _routed(self, request: Request, found: tuple[Route, Mapping[str, str]] | None) -> Reply:
        refusal = self._access.refusal(request.headers, found[0].role if found else "")
        if refusal is not None:
            headers = (("www-authenticate", "Bearer"),) if refusal[0] == 401 else ()
            return refused(*refusal, headers)
        if found is None:
            raise NotFoundError("nothing is served at this path")
        route, names = found
        handler = route.methods.get(request.method)
        if handler is None:
            allowed = ", ".join(route.methods)
            return refused(405, f"this path answers to {allowed}", (("allow", allowed),))
        if names:
            request = replace(request, names=names)
        if request.method != "POST":
            return handler(request)
        with self._turn:
            return handler(request)
