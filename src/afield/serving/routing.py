"""Routes: what a path answers to, who may ask, and the table that finds it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from afield.errors import UsageError
from afield.serving.http import LARGEST_BODY, Reply, Request

Handler = Callable[[Request], Reply]
Together = Callable[[Sequence[Request]], Sequence[Reply]]
Role = Literal["predict", "observe", "operate", "anyone"]
MODEL, FILES = "model", "files"
"""Lanes: of what may keep a model busy for long, and of what reads or writes files."""
ANYONE: Role = "anyone"
"""Of a route that needs no token: pages, and whether the service lives and is ready."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a path answers to.

    Attributes:
        label: what the counters call it (`afield.serving.metrics.ROUTES`).
        methods: method → handler; what a handler raises becomes the reply that `failed` gives.
        role: what a client's token must allow.
        largest: bytes of a body that are read at most.
        together: answers several POST requests at once, each as its handler would; None where they come one by one.
        lane: the line in which it is answered, one request at a time, where it may take so long that others must not
            wait for it (`MODEL`, `FILES`); "" where it is answered at once.
    """

    label: str
    methods: Mapping[str, Handler]
    role: Role = "predict"
    largest: int = LARGEST_BODY
    together: Together | None = None
    lane: str = ""


class Table:
    """Finds the route of a path: exact ones first, then patterns such as `/v1/bundles/{release}/{file}`."""

    def __init__(self, *families: Mapping[str, Route]) -> None:
        """Join families of routes; each maps a path, or a pattern whose `{name}` stands for one segment, to a route.

        Raises:
            UsageError: two families give the same path.
        """
        self.paths: dict[str, Route] = {}
        self._patterns: dict[int, list[tuple[list[str], Route]]] = {}
        for family in families:
            for path, route in family.items():
                if path in self.paths:
                    raise UsageError(f"the path {path} is given twice; register it once")
                self.paths[path] = route
                if "{" in path:
                    segments = path.split("/")
                    self._patterns.setdefault(len(segments), []).append((segments, route))

    def find(self, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The route of a path and what stands for the names in its pattern; None where nothing is served."""
        if "{" not in path:
            route = self.paths.get(path)
            if route is not None:
                return route, {}
        given = path.split("/")
        for segments, route in self._patterns.get(len(given), ()):
            names = _matched(segments, given)
            if names is not None:
                return route, names
        return None


def _matched(segments: list[str], given: list[str]) -> dict[str, str] | None:
    names = {}
    for expected, found in zip(segments, given, strict=True):
        if expected.startswith("{"):
            names[expected[1:-1]] = found
        elif expected != found:
            return None
    return names
