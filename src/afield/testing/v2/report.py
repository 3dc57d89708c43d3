"""What a server does with each rule, as records and as a table."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from rich.table import Table

from afield.testing.v2 import answers, binary, described, refusals
from afield.testing.v2.case import Case, Level, Rule
from afield.testing.v2.server import BrokenRuleError, SkippedError

Verdict = Literal["kept", "broken", "does not apply"]
RULES: tuple[Rule, ...] = (*described.RULES, *answers.RULES, *refusals.RULES, *binary.RULES)

_COLOURS = {"kept": "green", "broken": "red", "does not apply": "dim"}


class Finding(msgspec.Struct, frozen=True):
    """What a server does with one rule.

    Attributes:
        rule: its name.
        level: must, should or extension.
        says: the rule in a sentence.
        source: where it stands.
        verdict: kept, broken, or does not apply.
        found: what the server does instead, or why it does not apply.
    """

    rule: str
    level: Level
    says: str
    source: str
    verdict: Verdict
    found: str = ""

    @property
    def fails(self) -> bool:
        """Whether the server does not conform by it; what only should be does not count."""
        return self.verdict == "broken" and self.level != "should"


def conformance(case: Case, only: Iterable[str] = ()) -> list[Finding]:
    """What a server does with every rule, or with those named."""
    names = set(only)
    return [_finding(rule, case) for rule in RULES if not names or rule.name in names]


def table(findings: Sequence[Finding]) -> Table:
    """The findings for people."""
    made = Table("rule", "level", "says", "verdict", "what was found", show_edge=False)
    for one in findings:
        made.add_row(
            one.rule, one.level, one.says, f"[{_COLOURS[one.verdict]}]{one.verdict}", one.found.replace("[", "\\[")
        )
    return made


def _finding(rule: Rule, case: Case) -> Finding:
    verdict: Verdict = "kept"
    found = ""
    try:
        rule.check(case)
    except BrokenRuleError as error:
        verdict, found = "broken", str(error)
    except SkippedError as error:
        verdict, found = "does not apply", str(error)
    return Finding(rule.name, rule.level, rule.says, rule.source, verdict, found)
