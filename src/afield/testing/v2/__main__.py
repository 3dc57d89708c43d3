"""`python -m afield.testing.v2 URL MODEL`: whether a server speaks Open Inference Protocol v2.

Exits with 0 where it keeps every rule, 1 where it breaks one, 2 where it cannot be asked.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from afield.errors import UsageError
from afield.testing.v2.case import Case, Tensor
from afield.testing.v2.report import RULES, conformance, table
from afield.testing.v2.server import BrokenRuleError, Server
from afield.testing.v2.tensors import InputTensor

BROKEN, WRONG_USAGE = 1, 2


def main(arguments: Sequence[str]) -> int:
    """Look a server over; gives the exit code."""
    given = _arguments(arguments)
    headers = {"Authorization": f"Bearer {given.token.read_text().strip()}"} if given.token else {}
    try:
        found = _tensors(given.inputs) if given.inputs else None
        server = Server(given.url, given.model, headers)
        server.get("/v2/health/live")
    except (UsageError, BrokenRuleError, OSError, msgspec.DecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USAGE
    findings = conformance(Case(server, found), given.rule)
    broken = sum(one.fails for one in findings)
    if given.json:
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
    else:
        Console().print(table(findings))
        kept = sum(one.verdict == "kept" for one in findings)
        Console().print(f"\n{kept} rules kept, {broken} broken, of {len(findings)}; sources: {_SOURCES}")
    return BROKEN if broken else 0


_SOURCES = "github.com/kserve/open-inference-protocol, github.com/triton-inference-server/server/docs/protocol"


def _tensors(file: Path) -> Sequence[Tensor]:
    """The inputs in a file.

    Raises:
        UsageError: there is none.
        msgspec.DecodeError: one is no tensor in JSON.
    """
    read = msgspec.json.decode(file.read_bytes(), type=list[InputTensor])
    if not read:
        raise UsageError(f"{file} holds no input; give at least one")
    return [msgspec.structs.asdict(one) for one in read]


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m afield.testing.v2", description=__doc__)
    parser.add_argument("url", help="address of the server, such as http://127.0.0.1:8000")
    parser.add_argument("model", help="name of a loaded model")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--inputs",
        type=Path,
        help="file with a JSON list of input tensors that work; else zeros are made of the metadata",
    )
    parser.add_argument("--token", type=Path, help="file with a bearer token to send")
    names = [rule.name for rule in RULES]
    parser.add_argument("--rule", action="append", default=[], choices=names, metavar="NAME", help="this rule alone")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
