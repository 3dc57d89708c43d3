"""A home is told once where its ledger is kept: another place would split its history, and is refused."""

import re
from pathlib import Path

from afield.errors import UsageError
from afield.store.durable import keep_private
from afield.store.ledger import Ledger
from afield.store.naming import LEDGER_URL, named_ledger

_PASSWORD = re.compile(r"(://[^:/@]*):[^@/]*@")


def name_ledger(root: Path, url: str) -> None:
    """Note in the home `root` that its ledger is kept at the SQLAlchemy URL `url`, in a file that its owner reads.

    The ledger is opened before that, and made where there is none. Another password, or none, may be named later;
    another place may not.

    Raises:
        UsageError: the home keeps its ledger elsewhere already.
        StoreError: the ledger cannot be used, or the file cannot be written.
    """
    noted, known = root / LEDGER_URL, named_ledger(root)
    if known == url:
        return
    if known and _bare(known) != _bare(url):
        raise UsageError(
            f"{root} keeps its ledger at {_bare(known)}, and AFIELD_LEDGER names {_bare(url)}: that would split its "
            f"history; leave AFIELD_LEDGER, or name another AFIELD_HOME. To move, copy the rows and remove {noted}"
        )
    files = sorted(root.glob("*/ledger.db"))
    if not known and files:
        raise UsageError(
            f"{files[0]} holds a ledger already, and AFIELD_LEDGER names another: that would split its history; "
            "leave AFIELD_LEDGER and move it: afield ledger move URL; or name another AFIELD_HOME"
        )
    Ledger(url)
    root.mkdir(parents=True, exist_ok=True)
    noted.unlink(missing_ok=True)
    keep_private(noted, url.encode())


def _bare(url: str) -> str:
    """A URL without its password."""
    return _PASSWORD.sub(r"\1@", url)
