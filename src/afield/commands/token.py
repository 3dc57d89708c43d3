"""`afield token new`, `list` and `revoke`: who may call a service, for what, and until when."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.errors import UsageError
from afield.home import Home
from afield.serving.tokens import Granted, Token, changing, new_token, read_tokens

NEVER = "never"
LIFETIME = re.compile(r"([1-9]\d{0,5})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Roles = Annotated[
    tuple[Granted, ...],
    Parameter(
        name="--role",
        negative="",
        help="predict: ask, download releases, send telemetry; observe: health and measures; "
        "operate: send facts and outcomes; may be given several times",
    ),
]


def new(
    app: str,
    name: Annotated[str, Parameter(help="who or what it is for; by this name it is revoked")],
    /,
    *,
    role: Roles = ("predict",),
    expires: Annotated[str, Parameter(help="after how long, as 12h, 90d or 52w; or never")] = "90d",
    context: Context,
    **options: str,
) -> None:
    """Make a token and show it, this once: only its digest is kept. A running service takes it within half a second.

    Once there is a token, nobody is let in without one, on loopback neither.

    Args:
        app: name of the application.
        name: who or what it is for.
        role: what it lets its bearer do.
        expires: after how long.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    file = _file(app, context, options)
    now = datetime.now(UTC).replace(microsecond=0)
    text, token = new_token(name, role, now, _lifetime(expires))
    with changing(file) as tokens:
        if any(each.name == name for each in tokens):
            raise UsageError(f"there is a token {name!r}; revoke it first, or give this one another name")
        tokens.append(token)
    until = f"until {token.expires:%Y-%m-%d %H:%M} UTC" if token.expires else "for ever"
    progress(f"{name} may {', '.join(token.roles)} {until}. Keep the token now: it is not shown again")
    result(context, {"token": text, **_told(token, now)}, Text(text))


def listed(app: str, /, *, context: Context, **options: str) -> None:
    """The tokens of an application: names, roles and expiry, never the tokens themselves.

    Args:
        app: name of the application.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    file = _file(app, context, options)
    tokens = read_tokens(file) if file.exists() else ()
    now = datetime.now(UTC)
    if not file.exists():
        progress(f"no tokens: on loopback everybody is let in; make one: afield token new {app} NAME")
    for_people = table(("name", "roles", "created", "expires", "state"), [_row(token, now) for token in tokens])
    result(context, [_told(token, now) for token in tokens], for_people)


def revoke(
    app: str, name: Annotated[str, Parameter(help="of the token")], /, *, context: Context, **options: str
) -> None:
    """Take a token back; a running service refuses it within half a second.

    Args:
        app: name of the application.
        name: of the token.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    with changing(_file(app, context, options)) as tokens:
        found = [token for token in tokens if token.name == name]
        if not found:
            known = ", ".join(token.name for token in tokens) or "there is none"
            raise UsageError(f"there is no token {name!r}; known: {known}")
        tokens[:] = [token for token in tokens if token.name != name]
    left = len(tokens)
    then = f"{left} left" if left else f"none is left, so nobody can call; make one: afield token new {app} NAME"
    result(context, {"revoked": name, "left": left}, Text(f"{name} is revoked; {then}"))


def _file(app: str, context: Context, options: dict[str, str]) -> Path:
    return Home.of(context.home, load(app, options)).tokens


def _lifetime(text: str) -> timedelta | None:
    """After how long a token expires; None for never.

    Raises:
        UsageError: it is neither a stretch of time nor "never".
    """
    if text == NEVER:
        return None
    found = LIFETIME.fullmatch(text)
    if not found:
        raise UsageError(f"--expires {text}: write minutes, hours, days or weeks, as 30m, 12h, 90d or 52w; or {NEVER}")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _told(token: Token, now: datetime) -> dict[str, object]:
    return {
        "name": token.name,
        "id": token.id,
        "roles": token.roles,
        "created": token.created,
        "expires": token.expires,
        "expired": token.expired(now),
    }


def _row(token: Token, now: datetime) -> Sequence[object]:
    expires = f"{token.expires:%Y-%m-%d %H:%M}" if token.expires else NEVER
    state = "expired" if token.expired(now) else "in force"
    return token.name, ", ".join(token.roles), f"{token.created:%Y-%m-%d %H:%M}", expires, state
