"""Answers over HTTP: the application's own route, `POST /v1/ROUTE`."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from afield.records.traffic import Answer, Query
from afield.serving.apart import attempt
from afield.serving.http import LARGEST_BODY, Reply, Request, failed
from afield.serving.reading import reader
from afield.serving.routing import Route

Body = bytes | msgspec.Raw
ByBody = Callable[[bytes], Answer]
Jointly = Callable[[Sequence[Query]], Sequence[Answer | Exception]]

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
    _read: Callable[[Body], object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the reader, once."""
        object.__setattr__(self, "_read", reader(self.request))

    def query(self, body: Body) -> Query:
        """The query that the body of a request asks; the same in every design.

        Raises:
            msgspec.DecodeError: the body is malformed, or a field has the wrong type.
            RequestError: a field makes no sense.
        """
        return self.resolve(self._read(body))

    def by(self, answer: Callable[[Query], Answer]) -> ByBody:
        """What answers the body of a request, where `answer` answers its query."""
        return lambda body: answer(self.query(body))


def routes(
    asked: Asked,
    ask: ByBody,
    measured: Callable[[Answer, float], None],
    answers: Jointly | None = None,
    all_measured: Callable[[Sequence[Answer], float], None] = lambda _, __: None,
    lane: str = "",
) -> Mapping[str, Route]:
    """The application's route.

    Args:
        asked: how a client asks.
        ask: the body of a request → answer; recorded before it is given.
        measured: told each answer and the seconds it took.
        answers: queries that are ready together → what each gets or raises; None: one by one.
        all_measured: told the answers of such queries and the seconds that each of them took.
        lane: the line in which they are answered (`Route.lane`).
    """

    def give(request: Request) -> Reply:
        start = time.perf_counter()
        given = ask(request.body)
        measured(given, time.perf_counter() - start)
        return Reply(200, _encode(given))

    def together(requests: Sequence[Request]) -> Sequence[Reply]:
        start = time.perf_counter()
        results = answered(asked, answers, [request.body for request in requests]) if answers else ()
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


def answered(asked: Asked, answers: Jointly, bodies: Sequence[Body]) -> Sequence[Answer | Exception]:
    """What is answered in one pass to the body of each request, or why it is not."""
    try:
        queries = [asked.query(body) for body in bodies]
    except Exception:  # one of them asks nothing: which, is found one by one
        read = [attempt(asked.query, body) for body in bodies]
    else:
        return answers(queries)
    given = iter(answers([each for each in read if isinstance(each, Query)]))
    return [next(given) if isinstance(each, Query) else each for each in read]
