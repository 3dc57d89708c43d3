"""The conformance suite of the five designs, for any application: `python -m afield.testing.designs APP --home HOME`.

Each design is put up over the same ground and must show: the same facts give the same answer; what happens offline;
how old an answer can be; how an update, a rollback, an override and a mode arrive; that bad input is refused and the
next good request answered; and that its telemetry adds up.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from afield.application import load
from afield.control.office import open_office
from afield.errors import AfieldError, UsageError
from afield.home import Home
from afield.records.considerations import DESIGNS, Design
from afield.release.signing import Signer
from afield.store.snapshots import Follower
from afield.testing.examination import SAME as SAME
from afield.testing.examination import Ask, Examination
from afield.testing.examination import Finding as Finding
from afield.testing.ground import Ground
from afield.testing.hosts import put_up


def examine(
    ground: Ground, design: Design, *, asks: Ask | None = None, keys: Sequence[str] = (), cache: str = ""
) -> list[Finding]:
    """Everything that the suite finds of one design over a ground that nothing else uses.

    Args:
        ground: what it stands on.
        design: what is examined.
        asks: a moment and a key → the body of a request; the application's own sample where None.
        keys: what is asked about; those of the rows where none are given.
        cache: URL of a Valkey for the cached design.
    """
    operate = ground.operate
    makes = asks or (lambda at, key: operate.asked.sample(at, key).encode())
    chosen = keys or ground.keys
    ground.publish()
    ground.control(ground.first)
    with put_up(design, ground, cache) as standing:
        examination = Examination(standing, makes, chosen)
        examination.same()
        examination.bad()
        examination.update()
        examination.rollback()
        examination.offline()
        examination.age()
        examination.override()
        examination.mode()
        examination.telemetry()
    return examination.findings


def sampled(ground: Ground, beside: Mapping[str, object]) -> Ask:
    """Asks what the application's own sample asks, with further fields of the body beside."""

    def ask(at: datetime, key: str) -> bytes:
        body = msgspec.json.decode(ground.operate.asked.sample(at, key))
        return msgspec.json.encode({**body, **beside})

    return ask


def tabled(findings: Sequence[Finding]) -> str:
    """The conformance table in Markdown: a row for each property, a column for each design."""
    designs = list(dict.fromkeys(finding.design for finding in findings))
    said = {(finding.property, finding.design): finding for finding in findings}
    lines = [f"| | {' | '.join(designs)} |", f"|---|{'---|' * len(designs)}"]
    for name in dict.fromkeys(finding.property for finding in findings):
        cells = [said.get((name, design)) for design in designs]
        told = ("" if cell is None else cell.said if cell.holds else f"**FAILS:** {cell.said}" for cell in cells)
        lines.append(f"| {name} | {' | '.join(told)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the conformance table of an application; 1 where a design does not conform."""
    parser = argparse.ArgumentParser(prog="python -m afield.testing.designs", description=__doc__)
    parser.add_argument("app", help="name of the application, or module:attribute")
    parser.add_argument("--home", type=Path, required=True, help="the folder that holds a release of it: AFIELD_HOME")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of the application")
    parser.add_argument("--design", action="append", choices=DESIGNS, help="one of the five; all where left out")
    parser.add_argument("--beside", default="{}", metavar="JSON", help="further fields of every request's body")
    parser.add_argument("--cache", default="", metavar="URL", help="a Valkey or Redis for the cached design")
    parser.add_argument("--json", action="store_true", help="one finding a line, as JSON")
    given = parser.parse_args(arguments)
    try:
        application = load(given.app, dict(option.split("=", 1) for option in given.option))
        home = Home.of(given.home, application)
        held = home.folder.is_dir()  # looked at first: an office makes its ledger where there is none
        champion = open_office(application, given.home, lambda _: None).actions.state.champion if held else ""
        if not champion:
            raise UsageError(f"{given.home} holds no release of {given.app}; run: afield build {given.app}")
        findings, published = list[Finding](), Follower(home.snapshots)
        published.refresh()
        for design in given.design or DESIGNS:
            with tempfile.TemporaryDirectory() as kept:
                signer = Signer(Path(kept) / "keys" / "signing.key")
                ground = Ground(Path(kept), application, home.bundles / champion, signer, published.rows)
                asks = sampled(ground, msgspec.json.decode(given.beside))
                findings += examine(ground, design, asks=asks, cache=given.cache)
    except AfieldError as error:
        sys.stderr.write(f"afield: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    lines = [msgspec.json.encode(finding).decode() for finding in findings] if given.json else [tabled(findings)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(finding.holds for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
