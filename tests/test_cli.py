"""The command line: exits, output, options of an application, and where state lives."""

import json
import re
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import pytest

from afield import __version__
from afield.cli import VERBS, Verb, main, run
from afield.commands.output import Context, progress, result
from afield.errors import StoreError, UsageError

FAKE = "afield_fake_verbs"


def turn(application: str, *, until: str = "now", context: Context, **options: str) -> None:
    """One turn."""
    progress("working")
    value = {"application": application, "until": until, "home": str(context.home), "options": options}
    result(context, value, f"turned {application}")


def findings(*, context: Context) -> int:
    """Find something wrong."""
    result(context, [], "found something")
    return 1


def broken(*, context: Context) -> None:
    """Fail on purpose."""
    raise StoreError(f"{context.home}: cannot be read; run it again")


def unknown(name: str) -> None:
    """Name something that does not exist."""
    raise UsageError(f"no application called {name!r}")


def stopped() -> None:
    """Be interrupted."""
    raise KeyboardInterrupt


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> "Call":
    module = types.ModuleType(FAKE)
    module.__dict__.update({f.__name__: f for f in (turn, findings, broken, unknown, stopped)})
    monkeypatch.setitem(sys.modules, FAKE, module)
    verbs = [
        Verb("build", f"{FAKE}:turn", "One turn.", first=True),
        Verb("check", f"{FAKE}:findings", "Find."),
        Verb("release list", f"{FAKE}:broken", "Fail."),
        Verb("serve", f"{FAKE}:unknown", "Name.", first=True),
        Verb("watch", f"{FAKE}:stopped", "Stop."),
        Verb("absent", "afield_no_such_module:verb", "Never imported."),
    ]
    return Call(verbs)


class Call:
    def __init__(self, verbs: Sequence[Verb]) -> None:
        self.verbs = verbs

    def __call__(self, *arguments: str) -> int:
        return run(arguments, self.verbs)


def test_an_unknown_option_becomes_an_option_of_the_application(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("build", "surge", "--until", "2023-09-01", "--slot", "15m", "--top-zones=9", "--json") == 0
    given = json.loads(capsys.readouterr().out)
    assert given["until"] == "2023-09-01"
    assert given["options"] == {"slot": "15m", "top_zones": "9"}


def test_json_is_taken_anywhere_and_progress_stays_off_stdout(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--json", "build", "surge") == 0
    spoken = capsys.readouterr()
    assert json.loads(spoken.out)["application"] == "surge"
    assert spoken.err == "working\n"


def test_a_person_is_given_text(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("build", "surge") == 0
    assert capsys.readouterr().out == "turned surge\n"


def test_state_lives_under_afield_home(
    call: Call, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFIELD_HOME", "/elsewhere")
    call("build", "surge", "--json")
    assert json.loads(capsys.readouterr().out)["home"] == "/elsewhere"
    monkeypatch.delenv("AFIELD_HOME")
    call("build", "surge", "--json")
    assert json.loads(capsys.readouterr().out)["home"] == ".afield"


def test_a_verb_may_give_its_own_exit_code(call: Call) -> None:
    assert call("check") == 1


def test_a_failure_exits_with_one_and_its_message_on_stderr(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("release", "list") == 1
    spoken = capsys.readouterr()
    assert spoken.err == "afield: .afield: cannot be read; run it again\n"
    assert spoken.out == ""


@pytest.mark.parametrize("arguments", [["nope"], ["build"], ["build", "surge", "more"], ["check", "--bad", "1"]])
def test_wrong_usage_exits_with_two_and_says_why_on_stderr(
    call: Call, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments) == 2
    spoken = capsys.readouterr()
    assert spoken.err
    assert spoken.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build"], 'Command "build" parameter --application requires an argument; see: afield build --help'),
        (
            ["build", "surge", "two words", "more"],
            "more words than it takes: 'two words' more; see: afield build --help",
        ),
        (["build", "surge", "--slot"], "there is no option --slot that could stand without a value; see: afield build"),
        (["release", "list", "more"], "more words than it takes: more; see: afield release list --help"),
    ],
)
def test_words_that_a_verb_does_not_take_are_named_and_where_to_look_them_up(
    call: Call, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments) == 2
    assert capsys.readouterr().err.startswith(f"afield: {said}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biuld", "surge"], "there is no verb 'biuld'; did you mean `afield build`?"),
        (["relase", "list"], "there is no verb 'relase'; did you mean `afield release`?"),
        (["release", "lst", "surge"], "there is no verb 'release lst'; did you mean `afield release list`?"),
        (["release", "xyz"], "there is no verb 'release xyz'; `afield release --help` lists them"),
        (["xyz"], "there is no verb 'xyz'; `afield --help` lists them"),
    ],
)
def test_a_misspelt_verb_suggests_the_nearest(
    call: Call, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments) == 2
    assert capsys.readouterr().err == f"afield: {said}\n"


def test_help_about_a_verb_says_how_to_see_an_application_s_options(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("build", "--help") == 0
    assert "`afield build APP --help` lists" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("verb", ["build", "serve", "evaluate", "demo", "release list"])
def test_help_about_a_verb_and_an_application_shows_the_application_s_options(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*verb.split(), "surge", "--help"], VERBS) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--slot length of a slot and of a tick, `15m` or `60m`. [default: 60m]" in shown
    assert "--effort" in shown


def test_help_about_an_application_that_does_not_exist_says_which_there_are(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("build", "nope", "--help") == 2
    assert "there is: " in capsys.readouterr().err


def test_something_that_does_not_exist_is_wrong_usage(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("serve", "nothing") == 2
    assert capsys.readouterr().err == "afield: no application called 'nothing'\n"


def test_an_interrupt_exits_with_130_and_a_line(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("watch") == 130
    assert capsys.readouterr().err.startswith("afield: interrupted")


def test_help_shows_the_first_verbs_first_and_imports_none(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    shown = capsys.readouterr().out
    places = [shown.index(word) for word in ("build", "serve", "More", "check", "release", "watch", "absent", "--json")]
    assert places == sorted(places)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_that_is_listed_exists_and_explains_itself(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*verb.name.split(), "--help"], VERBS) == 0
    assert verb.help in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_about_a_verb_speaks_of_no_application_in_particular(
    verb: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    run([*verb.name.split(), "--help"], VERBS)
    assert not re.findall(r"\b(?:orders?|zone|city|riders?|quotes?|signs?|travellers?)\b", capsys.readouterr().out)


def test_verb_modules_stand_in_the_commands_package(root: Path) -> None:
    for verb in VERBS:
        module = verb.target.partition(":")[0]
        assert module.startswith("afield.commands.")
        assert (root / "src" / Path(*module.split("."))).with_suffix(".py").exists()
