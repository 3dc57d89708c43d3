"""Another city that surge's model may be taken to: a generated one, or a folder of data."""

from collections.abc import Mapping
from pathlib import Path

from afield.errors import UsageError
from afield.workshop.plan import Elsewhere
from surge.sources import open_source

KNOWN = ("seed", "density", "days", "change")


def elsewhere(text: str, options: Mapping[str, str]) -> Elsewhere:
    """The city that a person names: `seed=11` or `seed=11,density=2`, or the path of a folder or file.

    Args:
        text: what was typed.
        options: the application's own.

    Raises:
        UsageError: it is neither.
    """
    path = Path(text)
    if path.exists():
        return Elsewhere(f"the city of {path.name}", "the city of here", open_source(path, options))
    given = dict(part.partition("=")[::2] for part in text.split(","))
    if unknown := [name for name in given if name not in KNOWN]:
        raise UsageError(
            f"--elsewhere {text!r}: there is no such file, and {', '.join(unknown)} is no option of a generated city; "
            f"name a folder of data, or options of a generated city: {', '.join(f'{name}=…' for name in KNOWN)}"
        )
    told = ", ".join(f"{name} {value}" for name, value in given.items())
    return Elsewhere(f"a generated city of {told}", "the city of here", open_source(None, {**options, **given}))
