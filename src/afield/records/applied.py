"""What acted on an answer, as its `applied` says it: every marker, its kind, and the rungs of the fallback chain.

A fallback is `fallback:RUNG`, an override `override:NAME`, `breaker:open` a release that was not asked because it kept
failing, `promise:OUTPUT` an output lowered to what was told before; `mode:off` says that the model has no say,
`untouched` that the lot left this unit alone, and what
begins with a design's name (`static`, `static:wet`, `cached:known`, `hybrid:merged`) how that design came to the
answer. Everything else is the name of a guard (`clamp:multiplier`).
"""

from collections.abc import Iterable
from typing import Literal

from afield.records.considerations import DESIGNS

Kind = Literal["fallback", "override", "off", "breaker", "promise", "untouched", "design", "guard"]

RUNGS = ("last_good", "cached", "static", "baseline", "neutral")
"""Who answers when the champion cannot, in the order in which they are asked."""
LAST_GOOD, CACHED, STATIC, BASELINE, NEUTRAL = RUNGS

FALLBACK, OVERRIDE, OFF, OPEN, PROMISE = "fallback:", "override:", "mode:off", "breaker:open", "promise:"
KNOWN = "cached:known"
UNTOUCHED = "untouched"
MERGED, ALONE = "hybrid:merged", "hybrid:alone"


def fallback(rung: str) -> str:
    """What an answer says that a rung of the chain gave.

    >>> fallback(NEUTRAL)
    'fallback:neutral'
    """
    return FALLBACK + rung


def fallbacks(applied: Iterable[str]) -> tuple[str, ...]:
    """The markers of the fallbacks that were needed, in order; none where the champion answered by itself."""
    return tuple(name for name in applied if name.startswith(FALLBACK))


def fell_back(applied: Iterable[str]) -> bool:
    """Whether a fallback was needed."""
    return any(name.startswith(FALLBACK) for name in applied)


def kind_of(name: str) -> Kind:
    """What kind of thing a marker tells of.

    >>> [kind_of(name) for name in ("static:wet", "clamp:bake")]
    ['design', 'guard']
    """
    if name.startswith(FALLBACK):
        return "fallback"
    if name.startswith(OVERRIDE):
        return "override"
    if name == OFF:
        return "off"
    if name == OPEN:
        return "breaker"
    if name.startswith(PROMISE):
        return "promise"
    if name == UNTOUCHED:
        return "untouched"
    return "design" if name.partition(":")[0] in DESIGNS else "guard"
