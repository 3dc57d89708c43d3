"""Many questions in one request, `POST /v1/ROUTE/batch`: each is answered, or refused, as if it came alone.

The reply is `{"answers": […]}` in the order of the requests; each is an `Answer` or a `Refusal`.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec

from afield.errors import ServingError
from afield.records.traffic import Answer
from afield.serving.apart import attempt
from afield.serving.asking import Asked, ByBody, Jointly, answered
from afield.serving.http import LARGEST_BODY, Reply, Request, failed
from afield.serving.routing import MODEL, Route

MOST = 1000


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/ROUTE/batch`: bodies of `POST /v1/ROUTE`, at most 1,000."""

    requests: Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class Refusal(msgspec.Struct, frozen=True):
    """Why one question of a batch has no answer, and the status that it would have had alone."""

    error: str
    status: int


def routes(
    asked: Asked,
    ask: ByBody,
    answers: Jointly | None = None,
    measured: Callable[[Sequence[Answer], float], None] = lambda _, __: None,
) -> Mapping[str, Route]:
    """The route of batches, beside that of single questions.

    Args:
        asked: how a client asks one question.
        ask: the body of one question → answer; recorded before it is given.
        answers: queries → what each gets or raises, in one pass; None: one by one.
        measured: told the answers of a batch and the seconds that it took.
    """
    read = msgspec.json.Decoder(Batch).decode

    def give(request: Request) -> Reply:
        start = time.perf_counter()
        bodies = read(request.body).requests
        results = answered(asked, answers, bodies) if answers else list(_in_turn(ask, bodies, start + request.within))
        measured([each for each in results if isinstance(each, Answer)], time.perf_counter() - start)
        told = [_refusal(each, request.identity) if isinstance(each, Exception) else each for each in results]
        return Reply(200, msgspec.json.encode({"answers": told}))

    largest = max(asked.largest, LARGEST_BODY)
    return {f"/v1/{asked.route}/batch": Route("answers", {"POST": give}, largest=largest, lane=MODEL)}


def _in_turn(ask: ByBody, bodies: Sequence[msgspec.Raw], until: float) -> Iterator[Answer | Exception]:
    """What each question gets or raises; those whose turn comes too late for the client are refused."""
    for body in bodies:
        if time.perf_counter() < until:
            yield attempt(ask, bytes(body))
        else:
            yield ServingError("the time for this batch was over before its turn came; ask it in another")


def _refusal(error: Exception, identity: str) -> Refusal:
    reply = failed(error, identity)
    return Refusal(msgspec.json.decode(reply.body)["error"], reply.status)
