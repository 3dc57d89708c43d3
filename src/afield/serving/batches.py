"""Many questions in one request, `POST /v1/ROUTE/batch`: each is answered, or refused, as if it came alone.

The reply is `{"answers": […]}` in the order of the requests; each is an `Answer` or a `Refusal`.
"""

import time
from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec

from afield.records.traffic import Answer, Query
from afield.serving.asking import Asked
from afield.serving.http import LARGEST_BODY, Reply, Request, failed
from afield.serving.reading import reader
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
    asked: Asked, answer: Callable[[Query], Answer], measured: Callable[[Answer, float], None]
) -> Mapping[str, Route]:
    """The route of batches, beside that of single questions; the arguments are those of `asking.routes`."""
    decode, read = reader(asked.request), msgspec.json.Decoder(Batch).decode

    def one(body: msgspec.Raw) -> Answer | Refusal:
        start = time.perf_counter()
        try:
            given = answer(asked.resolve(decode(body)))
        except Exception as error:  # one question's failure is no other's
            reply = failed(error)
            return Refusal(msgspec.json.decode(reply.body)["error"], reply.status)
        measured(given, time.perf_counter() - start)
        return given

    def give(request: Request) -> Reply:
        return Reply(200, msgspec.json.encode({"answers": [one(body) for body in read(request.body).requests]}))

    largest = max(asked.largest, LARGEST_BODY)
    return {f"/v1/{asked.route}/batch": Route("answers", {"POST": give}, largest=largest, lane=MODEL)}
