"""The command line: the verbs in the order of the life, each bound by import string."""

import os
import pkgutil
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import BoundArguments, Parameter
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import App, CycloptsError, Group, MissingArgumentError, UnknownCommandError, UnusedCliTokensError

from afield import __version__
from afield.commands.output import Context, progress
from afield.errors import AfieldError, UsageError

OK, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

# OpenMP's threads spin while they wait for each other. Beside a service on few cores, that stops both.
QUIET_THREADS = {"GOMP_SPINCOUNT": "0", "OMP_WAIT_POLICY": "passive"}

# What a verb takes besides the options that it names: those of the application.
_OTHERS = Parameter.VAR_KEYWORD


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb as it is bound.

    Attributes:
        name: what is typed; "release list" is the verb `list` of the family `release`.
        target: `module:function`, imported when the verb runs. The function is handed a keyword-only
            parameter of type `Context`, may take an application's options as `**options: str`, and
            gives its exit code, or None for 0.
        help: one line.
        first: whether `afield --help` shows it among the first.
    """

    name: str
    target: str
    help: str
    first: bool = False


FAMILIES = {
    "release": "The registry and its history: list, show, verify, history, promote, rollback, export, import.",
    "alert": "What the monitors raised, and who is told: list, ack, silence, notify.",
    "token": "Who may call a service: new, list, revoke.",
    "label": "Labels: list, queue, select, accuracy, add, import, export, agreement, suspects.",
    "telemetry": "What is kept of traffic and people: outcomes, fields, sketches, export, erase, rotate.",
    "ledger": "Where the history of a home is kept: move.",
    "data": "Datasets and their versions: list, log, show, diff, quarantine, repair, trace, fetch.",
}

# Imported only where an application is named: what it brings in is no part of the start.
OPTIONS = "afield.commands.options:told"

# Imported only where a ledger is named.
LEDGER = "afield.store.founding:name_ledger"

STATE = "State lives under AFIELD_HOME (default .afield). Exits 0, 1 (failed) or 2 (wrong usage)."

VERBS: tuple[Verb, ...] = (
    Verb("demo", "afield.commands.demo:run", "Both loops on recorded or generated traffic, and a report.", first=True),
    Verb("new", "afield.commands.new:run", "An application that builds, serves and passes its tests.", first=True),
    Verb(
        "build",
        "afield.commands.build:run",
        "One turn of the build loop: from examples to a signed release.",
        first=True,
    ),
    Verb("serve", "afield.commands.serve:run", "The prediction service: workers and a supervisor.", first=True),
    Verb(
        "watch",
        "afield.commands.watch:run",
        "Both loops for ever: tick, measure, retrain, climb; one leader, the next waits.",
        first=True,
    ),
    Verb("evaluate", "afield.commands.evaluate:run", "Score a release and its baselines on any window."),
    Verb("explain", "afield.commands.explain:run", "Why an answer is what it is, in words for the person concerned."),
    Verb("check", "afield.commands.check:run", "Contract, features honest and not misleading, split, goals, hazards."),
    Verb("compare", "afield.commands.compare:run", "Recipes, feature sets or releases side by side, with their costs."),
    Verb("place", "afield.commands.place:run", "Where should the model live? The five designs side by side."),
    Verb("features", "afield.commands.features:run", "What each kind of context costs and adds: which context pays."),
    Verb("backtest", "afield.commands.backtest:run", "Learn at several moments, and forecast what followed each."),
    Verb("score", "afield.commands.score:run", "The ML Test Score: 28 tests of readiness, from evidence."),
    Verb("replay", "afield.commands.replay:run", "Play recorded traffic through a running service."),
    Verb("drill", "afield.commands.drill:run", "Break a service on purpose and see whether the mitigations hold."),
    Verb("release list", "afield.commands.release:listed", "The releases, with what they scored and where they stand."),
    Verb("release show", "afield.commands.release:show", "The card of a release."),
    Verb(
        "release verify",
        "afield.commands.release:verify",
        "Signature, digests, golden features and outputs of a release.",
    ),
    Verb("release history", "afield.commands.release_history:run", "Who put what live, when, why, on what evidence."),
    Verb(
        "release promote",
        "afield.commands.release_promote:promote",
        "Let a release climb the ladder, or put it live now.",
    ),
    Verb(
        "release rollback", "afield.commands.release_promote:rollback", "Take the champion back to an earlier release."
    ),
    Verb("release approve", "afield.commands.release_promote:approve", "A second person's word before it goes live."),
    Verb("release export", "afield.commands.release_export:run", "Compile a release, or take it to other tools."),
    Verb("release import", "afield.commands.release_import:run", "A model trained elsewhere, judged as any release."),
    Verb("monitor", "afield.commands.monitor:run", "Every monitor measured now, over the kept telemetry."),
    Verb("alert list", "afield.commands.alert:listed", "What waits for somebody: what, since when, what to do."),
    Verb("alert ack", "afield.commands.alert:ack", "Say that somebody deals with an alert."),
    Verb("alert silence", "afield.commands.alert:silence", "Tell nobody of a monitor's alerts for some hours."),
    Verb("alert notify", "afield.commands.alert:notify", "Who is told of alerts, by a signed request."),
    Verb("update", "afield.commands.update:run", "One turn of the loop now: measure, select, roll out, retrain."),
    Verb("mode", "afield.commands.mitigation:mode", "Let the model decide, advise, or leave it out: all or one unit."),
    Verb("remedy", "afield.commands.remedy:run", "What was undone and made good for an answer that did harm."),
    Verb("override", "afield.commands.mitigation:override", "Set an output by hand until it expires, or lift that."),
    Verb("token new", "afield.commands.token:new", "A token for a client: what it may do, and until when."),
    Verb("token list", "afield.commands.token:listed", "The tokens of an application, without the tokens themselves."),
    Verb("token revoke", "afield.commands.token:revoke", "Take a token back."),
    Verb("label list", "afield.commands.label:listed", "Labels, natural and people's, in one table: the newest."),
    Verb("label queue", "afield.commands.label:queue", "What a person should label next, and why."),
    Verb("label select", "afield.commands.label_select:select", "Draw rows of production that people should label."),
    Verb("label accuracy", "afield.commands.label_select:accuracy", "How good the champion is, from drawn labels."),
    Verb("label add", "afield.commands.label:add", "Label one item."),
    Verb("label import", "afield.commands.label_exchange:imported", "Annotations that Label Studio exported."),
    Verb("label export", "afield.commands.label_exchange:export", "The queue as tasks for Label Studio."),
    Verb("label agreement", "afield.commands.label:agreement", "How far people agree, and who agrees with nobody."),
    Verb("label suspects", "afield.commands.label_suspects:run", "Labels that contradict a model without them."),
    Verb(
        "telemetry outcomes",
        "afield.commands.telemetry_outcomes:run",
        "What came true, how complete that is, and how good answers were as of a moment.",
    ),
    Verb("telemetry fields", "afield.commands.telemetry_fields:fields", "What each stored field costs and adds."),
    Verb("telemetry sketches", "afield.commands.telemetry_fields:sketches", "What all traffic was, hour by hour."),
    Verb("telemetry export", "afield.commands.telemetry_export:run", "Answers for others: no ids, no small groups."),
    Verb("telemetry erase", "afield.commands.telemetry:erase", "Erase one person for good, in every version."),
    Verb("telemetry rotate", "afield.commands.telemetry:rotate", "Hash people under a new key from now on."),
    Verb("ledger move", "afield.commands.ledger:move", "Move a home's history from its file to a PostgreSQL."),
    Verb("data list", "afield.commands.data:listed", "The tables: rows, versions, owner, freshness, who uses them."),
    Verb("data log", "afield.commands.data_versions:log", "The versions of a table."),
    Verb("data show", "afield.commands.data_versions:show", "The newest rows of a table, now or as of a version."),
    Verb("data diff", "afield.commands.data_versions:diff", "What changed between two versions of a table."),
    Verb("data quarantine", "afield.commands.data_quarantine:quarantine", "The rows that were set aside, and why."),
    Verb("data repair", "afield.commands.data_quarantine:repair", "Put rows right that were set aside; replay them."),
    Verb("data trace", "afield.commands.data_trace:run", "From a prediction back to release, code, data and rows."),
    Verb("data fetch", "afield.commands.data:fetch", "Download published data."),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments, VERBS))


def home_folder() -> Path:
    """The folder under which all state lives, as the environment names it: AFIELD_HOME, or .afield."""
    return Path(os.environ.get("AFIELD_HOME", ".afield"))


def run(arguments: Sequence[str], verbs: Sequence[Verb]) -> int:
    """Run the verb that the arguments name; gives the exit code: 0, 1 (failed), 2 (wrong usage) or 130."""
    home = home_folder()
    sys.path.append(str(Path.cwd()))  # an application may be a module that lies here; last, so that it hides nothing
    for name, value in QUIET_THREADS.items():
        os.environ.setdefault(name, value)
    try:
        app = _app(verbs, _epilogue(arguments, verbs))
    except UsageError as error:
        progress(f"afield: {error}")
        return WRONG_USAGE

    def launch(
        *tokens: Annotated[str, cyclopts.Parameter(show=False, allow_leading_hyphen=True)],
        json: Annotated[bool, cyclopts.Parameter(negative="", show_default=False)] = False,
    ) -> int:
        """Run a verb.

        Args:
            tokens: the verb and its arguments.
            json: results as JSON on stdout, one object a line.
        """
        command, bound, context = app.parse_args(tokens, exit_on_error=False, print_error=False)
        if ledger := os.environ.get("AFIELD_LEDGER"):
            pkgutil.resolve_name(LEDGER)(home, ledger)
        _fill(bound, context, Context(home, json, shlex.join(("afield", *arguments))))
        return command(*bound.args, **bound.kwargs) or OK

    app.meta.default(launch)
    try:
        code = app.meta(arguments, exit_on_error=False, print_error=False)
    except UnknownCommandError as error:  # its own text would import every verb
        progress(f"afield: {_unknown(list(arguments), (error.unused_tokens or ['?'])[0], verbs)}")
        return WRONG_USAGE
    except CycloptsError as error:
        progress(f"afield: {_misused(error)}")
        return WRONG_USAGE
    except UsageError as error:
        progress(f"afield: {error}")
        return WRONG_USAGE
    except AfieldError as error:
        progress(f"afield: {error}")
        return FAILED
    except KeyboardInterrupt:
        progress("afield: interrupted; what was finished is kept, and the next run goes on from there")
        return INTERRUPTED
    return code or OK


def _epilogue(arguments: Sequence[str], verbs: Sequence[Verb]) -> str:
    """What stands below a help page: the options of the application that is named, or how to see them."""
    words = next((n for n in (1, 2) if " ".join(arguments[:n]) in {verb.name for verb in verbs}), 0)
    if not words or not {"--help", "-h"} & set(arguments):
        return STATE
    app = arguments[words]
    if app.startswith("-"):
        verb = " ".join(arguments[:words])
        return f"An application has options of its own: `afield {verb} APP --help` lists those of APP.\n\n{STATE}"
    return f"{pkgutil.resolve_name(OPTIONS)(app)}\n\n{STATE}"


def _unknown(arguments: Sequence[str], word: str, verbs: Sequence[Verb]) -> str:
    """That a word is no verb, and the one that it is nearest to."""
    before = arguments[arguments.index(word) - 1] if word in arguments[1:] else ""
    names = [verb.name for verb in verbs]
    family = before if any(name.startswith(f"{before} ") for name in names) else ""
    known = [name.removeprefix(f"{family} ") for name in names if name.startswith(family)] + [*FAMILIES] * (not family)
    near = get_close_matches(word, known, n=1)
    place = f"afield {family}".strip()
    advice = f"did you mean `{place} {near[0]}`?" if near else f"`{place} --help` lists them"
    return f"there is no verb {f'{family} {word}'.strip()!r}; {advice}"


def _misused(error: CycloptsError) -> str:
    """What is wrong with the words that a verb was given, and where it says what it takes."""
    said = str(error).rstrip(".")
    if isinstance(error, UnusedCliTokensError):
        said = f"more words than it takes: {shlex.join(error.unused_tokens or ())}"
    elif isinstance(error, MissingArgumentError) and error.argument and error.argument.field_info.kind is _OTHERS:
        said = f"there is no option {error.keyword} that could stand without a value"
    return f"{said}; see: {shlex.join(('afield', *(error.command_chain or ())))} --help"


def _app(verbs: Sequence[Verb], epilogue: str) -> App:
    first, more = Group("Verbs", sort_key=1), Group("More", sort_key=2)
    app = App(
        name="afield",
        help="Replaces the model in your running product only when production evidence says the new one is better.",
        help_epilogue=epilogue,
        version=__version__,
        help_format="plaintext",  # the others bring in a parser of Markdown, half of the start
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.meta.suppress_keyboard_interrupt = False
    app.meta.group_parameters = Group("Options", sort_key=3)
    app["--help"].group = app["--version"].group = app.meta.group_parameters
    families: dict[str, App] = {}
    for place, verb in enumerate(verbs):
        family, _, name = verb.name.rpartition(" ")
        group = first if verb.first else more
        if family and family not in families:
            families[family] = App(name=family, help=FAMILIES[family], group=group, sort_key=place)
            app.command(families[family])
        if family:
            families[family].command(verb.target, name=name, help=verb.help, sort_key=place)
        else:
            app.command(verb.target, name=verb.name, help=verb.help, group=group, sort_key=place)
    return app


def _fill(bound: BoundArguments, unparsed: dict[str, object], context: Context) -> None:
    for name in unparsed:
        bound.arguments[name] = context
    for parameter in bound.signature.parameters.values():
        if parameter.kind is _OTHERS:
            options = bound.arguments.get(parameter.name, {})
            bound.arguments[parameter.name] = {name.replace("-", "_"): value for name, value in options.items()}
