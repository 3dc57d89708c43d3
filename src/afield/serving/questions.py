"""Everything that clients ask of an application: its route and its batches, answered once per `Idempotency-Key`."""

from collections.abc import Mapping

from afield.serving import asking, batches
from afield.serving.asking import Asked, ByBody, Jointly
from afield.serving.idempotency import Replies, once
from afield.serving.metrics import Metrics
from afield.serving.routing import Route


def routes(
    asked: Asked, ask: ByBody, metrics: Metrics, replies: Replies, *, jointly: Jointly | None = None, lane: str = ""
) -> Mapping[str, Route]:
    """`POST /v1/ROUTE` and `POST /v1/ROUTE/batch`, in every design.

    Args:
        asked: how a client asks.
        ask: the body of one question → answer; recorded before it is given.
        metrics: told each answer and the seconds that it took.
        replies: those that may be asked for again.
        jointly: queries → what each gets or raises, in one pass; None: one by one.
        lane: the line in which single questions are answered (`Route.lane`).
    """
    single = asking.routes(asked, ask, metrics.answer, jointly, metrics.answers, lane)
    return once({**single, **batches.routes(asked, ask, jointly, metrics.answers)}, replies)
