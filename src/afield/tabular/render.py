"""The files of a new tabular application, from its draft and what people answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from string import Template

from afield.tabular.draft import Draft, Rule

WIDTH = 96
KIND_WORDS = {"yes_or_no": "yes or no", "count": "a count", "number": "a number"}
MEASURES = {"yes_or_no": "squared_error", "count": "poisson_deviance", "number": "squared_error"}
FILES = {
    "{name}/application.py": "application.txt",
    "{name}/columns.py": "columns.txt",
    "{name}/building.py": "building.txt",
    "{name}/operating.py": "operating.txt",
    "{name}/hazards.toml": "hazards.txt",
    "tests/test_{name}.py": "test.txt",
    "pyproject.toml": "pyproject.txt",
    "README.md": "readme.txt",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person said before anything was made.

    Attributes:
        question: is this a look-up or a model?
        labels: where labels come from.
        worst: the worst mistake.
    """

    question: str
    labels: str
    worst: str


def render(name: str, made: Draft, answers: Answers, file: str, *, generated: bool) -> dict[str, str]:
    """Path within the application's folder → content.

    Args:
        name: of the application, an identifier.
        made: the draft of its columns.
        answers: of a person.
        file: name of the example file in the package.
        generated: whether its rows were made up.
    """
    words = _words(name, made, answers, file, generated=generated)
    templates = files("afield.tabular").joinpath("templates")
    written = {
        path.format(name=name): Template(templates.joinpath(template).read_text("utf-8")).substitute(words)
        for path, template in FILES.items()
    }
    return {f"{name}/__init__.py": f'"""{_title(name)}: an Afield application."""\n', **written}


def _words(name: str, made: Draft, answers: Answers, file: str, *, generated: bool) -> Mapping[str, str]:
    times, rows = made.times, f"{made.rows:,} rows from {made.start:%Y-%m-%d} to {made.end:%Y-%m-%d}"
    asked = (*made.numbers, *made.categories)
    return {
        "name": name,
        "title": _title(name),
        "distribution": name.replace("_", "-"),
        "folder": name,
        "target": made.target,
        "time": made.time,
        "kind": made.kind,
        "kind_words": KIND_WORDS[made.kind],
        "measure": MEASURES[made.kind],
        "question": _text(answers.question, 12),
        "labels": _text(answers.labels, 12),
        "worst": json.dumps(answers.worst, ensure_ascii=False),
        "answer_question": answers.question,
        "answer_labels": answers.labels,
        "answer_worst": answers.worst,
        "step": _span(times.step),
        "delay": _span(times.delay),
        "validation": _span(times.validation),
        "test": _span(times.test),
        "rule": _rule(made.rule, made.target),
        "numbers": _tuple(made.numbers, 4),
        "categories": _mapping({column: _tuple(values, 8) for column, values in made.categories.items()}),
        "positive": _literal(made.positive),
        "costs": "\n    false_alarm=1.0,\n    missed=1.0," if made.kind == "yes_or_no" else "",
        "example": _mapping({column: _literal(value) for column, value in made.example.items()}),
        "left_out": _left_out(made),
        "left_out_list": "\n".join(f"- `{column}`: {why}." for column, why in made.left_out.items()) or "- Nothing.",
        "file": file,
        "generated": repr(generated),
        "source_words": f"Its {rows} are generated: put your own in their place."
        if generated
        else f"Drafted from {rows}.",
        "asked": ", ".join(f"`{column}`" for column in asked),
        "decide": _decide(made),
        "decision": _decision(made),
        "body": json.dumps(made.example),
        "at": f"{made.end:%Y-%m-%dT%H:%M:%S}",
    }


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _decision(made: Draft) -> str:
    return "act" if made.kind == "yes_or_no" else "expected"


def _decide(made: Draft) -> str:
    """The code of the first decision, to be changed."""
    if made.kind == "yes_or_no":
        return f'''

def decide(forecast: float) -> Decision:
    """Act where that costs less than to leave it, by the costs that `COLUMNS` states."""
    act = forecast >= COLUMNS.act_from
    return Decision({{"act": float(act)}}, f"{made.target} with {{forecast:.0%}}: {{'act' if act else 'leave it'}}")'''
    return '''

def decide(forecast: float) -> Decision:
    """Plan with what is expected."""
    return Decision({"expected": forecast}, f"{forecast:.3g} expected")'''


def _rule(rule: Rule, target: str) -> str:
    """The code of the rule."""
    if not rule.column:
        return f'''
def rule(_row: Row) -> float:
    """The mean of {target} in the first part of the file: no column tells more."""
    return {rule.otherwise:.4g}'''
    where = f"{rule.otherwise:.4g}"
    if rule.values:
        told = _mapping({text: f"{said!r}" for text, said in zip(rule.values, rule.says, strict=True)}, 0)
        return f'''BY_{rule.column.upper()} = {told}


def rule(row: Row) -> float:
    """The mean of {target} for each {rule.column}, in the first part of the file."""
    return BY_{rule.column.upper()}.get(str(row.get("{rule.column}")), {where})'''
    return f'''EDGES, SAID = {rule.edges!r}, {rule.says!r}


def rule(row: Row) -> float:
    """The mean of {target} where {rule.column} is low, middling or high, in the first part of the file."""
    value = row.get("{rule.column}")
    return {where} if value is None else SAID[sum(float(value) >= edge for edge in EDGES)]'''


def _left_out(made: Draft) -> str:
    """A comment on each column that is not asked with."""
    lines = [f"# {column} is left out: {why}." for column, why in made.left_out.items()]
    return "\n".join(("", *lines)) if lines else ""


def _span(span: timedelta) -> str:
    """A stretch of time as code."""
    for unit, length in (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))):
        if span and span % length == timedelta(0):
            return f"timedelta({unit}={span // length})"
    return f"timedelta(seconds={span.total_seconds():g})"


def _literal(value: str | float) -> str:
    """A text or a number as code, in double quotes where it holds none."""
    plain = isinstance(value, str) and '"' in value and "'" not in value
    return repr(value) if plain else json.dumps(value, ensure_ascii=False)


def _text(text: str, indent: int) -> str:
    """A text as code, over several lines where it is long."""
    if len(text) + indent < WIDTH:
        return _literal(text)
    lines, rest = [], text.split(" ")
    while rest:
        taken = 1
        while taken < len(rest) and len(" ".join(rest[: taken + 1])) < WIDTH - indent:
            taken += 1
        lines.append(" ".join(rest[:taken]) + (" " if taken < len(rest) else ""))
        rest = rest[taken:]
    inside = "".join(f"\n{' ' * (indent + 4)}{_literal(line)}" for line in lines)
    return f"({inside}\n{' ' * indent})"


def _tuple(values: tuple[str, ...], indent: int) -> str:
    """Texts as a tuple, one a line where they are many."""
    flat = ", ".join(map(_literal, values)) + ("," if len(values) == 1 else "")
    if len(flat) + indent + 14 < WIDTH:
        return f"({flat})"
    inside = "".join(f"\n{' ' * (indent + 4)}{_literal(value)}," for value in values)
    return f"({inside}\n{' ' * indent})"


def _mapping(entries: Mapping[str, str], indent: int = 4) -> str:
    """A dictionary of code, one entry a line where it is long."""
    flat = ", ".join(f"{_literal(key)}: {value}" for key, value in entries.items())
    if len(flat) + indent + 14 < WIDTH and "\n" not in flat:
        return f"{{{flat}}}"
    inside = "".join(f"\n{' ' * (indent + 4)}{_literal(key)}: {value}," for key, value in entries.items())
    return f"{{{inside}\n{' ' * indent}}}"
