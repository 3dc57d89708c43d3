import json
import stat
from pathlib import Path

import pytest

from afield.cli import VERBS, run
from afield.serving.tokens import find, read_tokens

APP = "afield.testing.toy:toy"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path))
    return tmp_path / "toy-5" / "tokens.json"


def test_a_token_is_shown_once_and_opens_what_it_was_made_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "new", APP, "phone", "--role", "predict", "--role", "observe", "--expires", "12h"], VERBS) == 0
    said = capsys.readouterr()
    text = said.out.strip()
    assert "phone may predict, observe until" in said.err
    token = find(read_tokens(home), text)
    assert token is not None
    assert (token.name, token.roles) == ("phone", ("predict", "observe"))
    assert stat.S_IMODE(home.stat().st_mode) == 0o600
    assert run(["token", "list", APP, "--json"], VERBS) == 0
    listed = capsys.readouterr().out
    assert text not in listed
    assert text.rpartition("_")[2] not in listed
    (told,) = json.loads(listed)
    assert (told["name"], told["expired"]) == ("phone", False)


def test_a_revoked_token_is_gone_and_the_others_stay(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("phone", "dashboard"):
        assert run(["token", "new", APP, name, "--expires", "never"], VERBS) == 0
    assert run(["token", "revoke", APP, "phone"], VERBS) == 0
    assert [token.name for token in read_tokens(home)] == ["dashboard"]
    assert run(["token", "list", APP], VERBS) == 0
    assert "in force" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["new", APP, "phone", "--expires", "soon"], "12h, 90d or 52w"),
        (["new", APP, "phone", "--expires", "0d"], "12h, 90d or 52w"),
        (["new", APP, "phone", "--expires", "999999w"], "cannot outlast the year 9999"),
        (["new", APP, "phone", "--role", "admin"], "admin"),
        (["new", APP, "a phone"], "cannot name a token"),
        (["revoke", APP, "phone"], "there is no token 'phone'"),
    ],
)
def test_what_cannot_be_done_is_told(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", *words], VERBS) == 2
    assert says in capsys.readouterr().err


def test_a_name_is_given_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "new", APP, "phone"], VERBS) == 0
    before = home.read_bytes()
    assert run(["token", "new", APP, "phone"], VERBS) == 2
    assert "revoke it first" in capsys.readouterr().err
    assert home.read_bytes() == before
