"""Answers over HTTP: the application's own route, `POST /v1/ROUTE`."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from afield.records.traffic import Answer, Query
from afield.serving.http import LARGEST_BODY, Reply, Request, failed
from afield.serving.reading import reader
from afield.serving.routing import Route

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Asked:
    """How a client asks for an answer.

    Attributes:
        route: the last part of `/v1/ROUTE`.
        request: type of the body, decoded strictly.
        resolve: the decoded body → query; raises RequestError naming the field that is wrong.
        sample: a moment and a key → a body about that key that works then, as JSON text.
        largest: bytes of the body that are read at most.
    """

    route: str
    request: type[msgspec.Struct]
    resolve: Callable[..., Query]
    sample: Callable[[datetime, str], str]
    largest: int = LARGEST_BODY
    _read: Callable[[bytes | msgspec.Raw], object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the reader, once."""
        object.__setattr__(self, "_read", reader(self.request))

    def query(self, body: bytes | msgspec.Raw) -> Query:
        """The query that the body of a request asks; the same in every design.

        Raises:
            msgspec.DecodeError: the body is malformed, or a field has the wrong type.
            RequestError: a field makes no sense.
        """
        return self.resolve(self._read(body))


def routes(
    asked: Asked,
    answer: Callable[[Query], Answer],
    measured: Callable[[Answer, float], None],
    answers: Callable[[Sequence[Query]], Sequence[Answer | Exception]] | None = None,
    all_measured: Callable[[Sequence[Answer], float], None] = lambda _, __: None,
    lane: str = "",
) -> Mapping[str, Route]:
    """The application's route.

    Args:
        asked: how a client asks.
        answer: query → answer; recorded before it is given.
        measured: told each answer and the seconds it took.
        answers: queries that are ready together → what `answer` gives or raises for each; None: one by one.
        all_measured: told the answers of such queries and the seconds that each of them took.
        lane: the line in which they are answered (`Route.lane`).
    """

    def give(request: Request) -> Reply:
        start = time.perf_counter()
        given = answer(asked.query(request.body))
        measured(given, time.perf_counter() - start)
        return Reply(200, _encode(given))

    def together(requests: Sequence[Request]) -> Sequence[Reply]:
        start = time.perf_counter()
        results = _answered(asked, answers, requests)
        good = [result for result in results if isinstance(result, Answer)]
        all_measured(good, time.perf_counter() - start)
        if len(good) == len(results):
            return [Reply(200, _encode(answer)) for answer in good]
        return [
            failed(result, request.identity) if isinstance(result, Exception) else Reply(200, _encode(result))
            for result, request in zip(results, requests, strict=True)
        ]

    return {
        f"/v1/{asked.route}": Route(
            "answers", {"POST": give}, largest=asked.largest, together=together if answers else None, lane=lane
        )
    }


def _answered(
    asked: Asked,
    answers: Callable[[Sequence[Query]], Sequence[Answer | Exception]] | None,
    requests: Sequence[Request],
) -> Sequence[Answer | Exception]:
    """What is answered to each request, or why it asks nothing."""
    if answers is None:
        return []
    try:
        queries = [asked.query(request.body) for request in requests]
    except Exception:  # one of them asks nothing: which, is found one by one
        read = [_read(asked, request.body) for request in requests]
    else:
        return answers(queries)
    given = iter(answers([each for each in read if isinstance(each, Query)]))
    return [next(given) if isinstance(each, Query) else each for each in read]


def _read(asked: Asked, body: bytes) -> Query | Exception:
    """The query that a body asks, or why it asks none."""
    try:
        return asked.query(body)
    except Exception as error:  # one request's failure is no other's
        return error
