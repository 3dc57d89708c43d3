"""The options that an application has of its own, as `afield VERB APP --help` tells them."""

import inspect
import re

from afield.application import maker

_ARGUMENT = re.compile(r"^ +(\w+): (.*(?:\n {5,}\S.*)*)", re.MULTILINE)


def told(app: str) -> str:
    """A line about each option of the application, from the signature and the docstring of the function that makes it.

    Raises:
        UsageError: there is no such application.
    """
    make = maker(app)
    described = dict(_ARGUMENT.findall((inspect.getdoc(make) or "").partition("Args:")[2]))
    lines = [
        f"  --{name.replace('_', '-')}  {' '.join(described.get(name, '').split())} [default: {parameter.default}]"
        for name, parameter in inspect.signature(make).parameters.items()
    ]
    return "\n".join([f"Options of {app} itself:", *lines] if lines else [f"{app} has no options of its own."])
