"""`afield new`: an application that builds, serves and passes its own tests, from a file or from a generated one."""

import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from afield.commands.output import Context, progress, result
from afield.errors import StoreError, UsageError
from afield.tabular.draft import Draft, draft
from afield.tabular.parcels import TARGET, TIME, parcels
from afield.tabular.render import Answers, render

NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
SPAN = re.compile(r"(\d+)([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LARGEST = 50 * 2**20
"""Bytes of a file that is copied into the application as its example."""
MODEL, LOOK_UP = "model", "look-up"

QUESTIONS = {
    "kind": f"Is this a {LOOK_UP} or a {MODEL}? (a {LOOK_UP}: the answer can be written down as a table or a rule)",
    "labels": "Where do labels come from? (who or what says what came true, and when)",
    "worst": "What is the worst mistake? (what happens to whom when the answer is wrong)",
}
GENERATED = {
    "kind": MODEL,
    "labels": "generated: the carrier says a day later whether the parcel came late",
    "worst": "somebody waits at home for a parcel that does not come",
}

FileOption = Annotated[Path | None, Parameter(name="--from", help="a CSV or Parquet file; left out: a generated one")]


def run(
    name: str,
    /,
    *,
    file: FileOption = None,
    target: Annotated[str, Parameter(help="the column to predict")] = "",
    time: Annotated[str, Parameter(help="the column that says when a row happened")] = "",
    positive: Annotated[str, Parameter(help="the text of the target that means yes, where it is one of two")] = "",
    known_after: Annotated[str, Parameter(help="an outcome is known so long after its row: 30m, 6h, 1d")] = "1d",
    kind: Annotated[str, Parameter(name="--answer", help=f"is this a {MODEL} or a {LOOK_UP}?")] = "",
    labels: Annotated[str, Parameter(help="where do labels come from?")] = "",
    worst: Annotated[str, Parameter(help="what is the worst mistake?")] = "",
    out: Annotated[Path | None, Parameter(help="folder to make; left out: NAME here")] = None,
    context: Context,
) -> int:
    """Draft an application: its columns, a rule that the model must beat, a service, hazards and tests.

    Asks three questions first; --answer, --labels and --worst answer them where nobody sits there. With --from it is
    drafted from the columns of a file; without, from generated parcels that may come late.

    Args:
        name: of the application: letters, digits and underscores.
        file: a CSV or Parquet file with one row per prediction and its outcome.
        target: the column to predict.
        time: the column that says when a row happened.
        positive: the text of the target that means yes.
        known_after: how late outcomes are known.
        kind: the answer to the first question.
        labels: the answer to the second.
        worst: the answer to the third.
        out: folder to make.
        context: from the command line.
    """
    folder = out or Path(name)
    _check(name, file, target, time, folder)
    delay = span(known_after)
    answers = _answers({"kind": kind, "labels": labels, "worst": worst}, asked_of_somebody=file is not None)
    if answers["kind"] == LOOK_UP:
        text = (
            "A look-up needs no model: write the table or the rule into the product and test it like other code. "
            "Come back when it is wrong too often and there are labels that say so. Nothing was made."
        )
        result(context, {"made": False, "answer": LOOK_UP}, text)
        return 0
    said = Answers("A model: it has to beat the rule beside it.", answers["labels"], answers["worst"])
    with tempfile.TemporaryDirectory() as scratch:
        source = file or _parcels(Path(scratch))
        made = draft(source, target or TARGET, time or TIME, delay, positive)
        written = _write(name, folder, made, said, source, generated=file is None)
    for column, why in made.left_out.items():
        progress(f"{column} is left out: {why}")
    record = {"made": True, "folder": folder, "files": sorted(written), "left_out": made.left_out, "kind": made.kind}
    result(context, record, _words(name, folder, made))
    return 0


def span(text: str) -> timedelta:
    """A stretch of time: 30m, 6h or 1d.

    Raises:
        UsageError: it is none.

    >>> span("6h")
    datetime.timedelta(seconds=21600)
    """
    found = SPAN.fullmatch(text)
    if not found:
        raise UsageError(f"--known-after {text}: write a number of minutes, hours or days, as 30m, 6h or 1d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _check(name: str, file: Path | None, target: str, time: str, folder: Path) -> None:
    """Refuse what cannot become an application.

    Raises:
        UsageError: says what, and what would do.
    """
    if not NAME.fullmatch(name) or iskeyword(name):
        raise UsageError(
            f"{name!r} cannot be an application's name; use small letters, digits and _, as in late_parcels, "
            "and no word of Python's own"
        )
    if folder.exists():
        raise UsageError(f"{folder} is there already; choose another name, or --out")
    if find_spec(name) is not None:
        raise UsageError(f"{name!r} is a Python package already, which the application would hide; choose another name")
    if file is not None and not (target and time):
        raise UsageError("--from needs --target and --time: the column to predict, and the one that says when")
    if file is None and (target or time):
        raise UsageError("--target and --time name columns of a file; give it with --from")


def _answers(given: dict[str, str], *, asked_of_somebody: bool) -> dict[str, str]:
    """The three answers, asked on the terminal where they were not given.

    Raises:
        UsageError: nobody is there to ask, or an answer says nothing.
    """
    defaults: Mapping[str, str] = {} if asked_of_somebody else GENERATED
    told: dict[str, str] = {}
    for key, question in QUESTIONS.items():
        if told.get("kind") == LOOK_UP:
            told[key] = LOOK_UP
            continue
        answer = given[key] or (_ask(question) if sys.stdin.isatty() else defaults.get(key, ""))
        told[key] = answer.strip()
    missing = [question for key, question in QUESTIONS.items() if not told[key]]
    if missing:
        raise UsageError(
            f"before anything is made: {' '.join(missing)} Answer with --answer {MODEL} --labels TEXT --worst TEXT"
        )
    if told["kind"] not in (MODEL, LOOK_UP):
        raise UsageError(f"--answer {told['kind']}: say {MODEL} or {LOOK_UP}")
    return told


def _ask(question: str) -> str:
    progress(question)
    return sys.stdin.readline()


def _parcels(folder: Path) -> Path:
    path = folder / "parcels.csv"
    parcels().write_csv(path)
    return path


def _write(name: str, folder: Path, made: Draft, said: Answers, source: Path, *, generated: bool) -> list[str]:
    """Make the folder whole, or not at all; the files that were written.

    Raises:
        StoreError: the folder cannot be written.
    """
    kept = source.stat().st_size <= LARGEST
    example = f"example{source.suffix.lower()}"
    files = render(name, made, said, example, generated=generated)
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        for path, content in files.items():
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            (partial / path).write_text(content, "utf-8")
        if kept:
            shutil.copyfile(source, partial / name / example)
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StoreError(f"{folder} cannot be written: {error}; free some room, or choose another --out") from error
    if not kept:
        progress(f"{source} is too large to be copied; name it: afield build {name} --data {source}")
    return [*files, *([f"{name}/{example}"] if kept else [])]


def _words(name: str, folder: Path, made: Draft) -> str:
    rule = f"the mean of {made.target} by {made.rule.column}" if made.rule.column else f"the mean of {made.target}"
    return (
        f"{folder}: predicts {made.target} from {', '.join((*made.numbers, *made.categories))}; "
        f"the rule to beat is {rule}. Next:\n"
        f"  cd {folder}\n"
        f"  afield build {name}.application:{name}\n"
        f"  afield serve {name}.application:{name}\n"
        f"  python -m pytest"
    )
