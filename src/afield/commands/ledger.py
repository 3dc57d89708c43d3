"""`afield ledger`: where the history of a home is kept."""

from typing import Annotated

from cyclopts import Parameter

from afield.commands.output import Context, result
from afield.store.moving import move_ledger


def move(
    url: Annotated[str, Parameter(help="of an empty database, e.g. postgresql://USER@HOST/NAME")],
    /,
    *,
    context: Context,
) -> None:
    """Move the ledger of AFIELD_HOME from its file to a PostgreSQL: every row, with its number.

    Stop the service first. The file stays beside as `ledger.db.moved`; the home notes the server in `ledger.url`. Keep
    a password out of the command: PostgreSQL's clients read it from ~/.pgpass.

    Args:
        url: of the database.
        context: from the command line.
    """
    rows = move_ledger(context.home, url)
    result(context, {"rows": rows}, f"{rows} rows moved; {context.home / 'ledger.url'} says where they are")
