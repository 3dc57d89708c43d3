"""Answers over HTTP: the application's own route, `POST /v1/ROUTE`."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from afield.records.traffic import Answer, Query
from afield.serving.http import LARGEST_BODY, Reply, Request
from afield.serving.routing import Route

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Asked:
    """How a client asks for an answer.

    Attributes:
        route: the last part of `/v1/ROUTE`.
        request: type of the body, decoded strictly.
        resolve: the decoded body → query.
        largest: bytes of the body that are read at most.
    """

    route: str
    request: type[msgspec.Struct]
    resolve: Callable[..., Query]
    largest: int = LARGEST_BODY


def routes(
    asked: Asked, answer: Callable[[Query], Answer], measured: Callable[[Answer, float], None]
) -> Mapping[str, Route]:
    """The application's route.

    Args:
        asked: how a client asks.
        answer: query → answer; recorded before it is given.
        measured: told each answer and the seconds it took.
    """
    decode = msgspec.json.Decoder(asked.request).decode

    def give(request: Request) -> Reply:
        start = time.perf_counter()
        given = answer(asked.resolve(decode(request.body)))
        measured(given, time.perf_counter() - start)
        return Reply(200, _encode(given))

    return {f"/v1/{asked.route}": Route("answers", {"POST": give}, largest=asked.largest)}
