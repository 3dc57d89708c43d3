"""What a rule is, the case that it is tried on, and what replies come to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from afield.testing.v2.server import (
    BrokenRuleError,
    Failure,
    Given,
    InferenceResponse,
    Server,
    SkippedError,
)
from afield.testing.v2.tensors import inputs

Level = Literal["must", "should", "extension"]
Tensor = Mapping[str, object]

REST = "inference_rest.md"
YAML = "open_inference_rest.yaml"
TENSORS = "required_api.md, Tensor Data"


@dataclass(frozen=True, slots=True)
class Case:
    """A server and the inputs that its model takes.

    Attributes:
        server: under test.
        given: inputs that the caller knows to work; None: made from the metadata.
    """

    server: Server
    given: Sequence[Tensor] | None = None

    def inputs(self) -> list[dict[str, object]]:
        """Inputs that should work."""
        return inputs(self.server.metadata()) if self.given is None else [dict(one) for one in self.given]

    def changed(self, **fields: object) -> dict[str, object]:
        """A request whose first input has other fields; None leaves one out."""
        first, *rest = self.inputs()
        changed = {name: value for name, value in {**first, **fields}.items() if value is not None}
        return {"inputs": [changed, *rest]}

    def good(self, path: str | None = None, **more: object) -> InferenceResponse:
        """The reply to a request that should work, with an output at least."""
        reply = answered(self.server.infer({"inputs": self.inputs(), **more}, path)).read(InferenceResponse)
        if not reply.outputs:
            raise BrokenRuleError("there is no output")
        return reply


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: short.
        level: "must" and "should" as the specification means them; "extension" where the server announces it.
        source: where it stands.
        says: the rule in a sentence.
        check: raises `BrokenRuleError` where a server breaks it, `SkippedError` where it does not apply.
    """

    name: str
    level: Level
    source: str
    says: str
    check: Callable[[Case], None]


def answered(given: Given) -> Given:
    """The reply, which is a 200.

    Raises:
        BrokenRuleError: it is not.
    """
    if given.status != 200:
        raise BrokenRuleError(f"status {given.status}: {given.body[:200]!r}")
    return given


def refused(given: Given) -> None:
    """Return where a request was refused as the protocol has it.

    Raises:
        BrokenRuleError: it was accepted, or crashed, or the body is not `{"error": string}`.
    """
    if not 400 <= given.status < 500:
        raise BrokenRuleError(f"status {given.status} instead of 4xx: {given.body[:200]!r}")
    given.read(Failure)


def named_versions(case: Case) -> tuple[str, ...]:
    """The versions that the metadata name.

    Raises:
        SkippedError: they name none.
    """
    versions = case.server.metadata().versions
    if not versions:
        raise SkippedError("the metadata name no versions")
    return versions
