"""Several tasks done one by one: the failure of one is no other's."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def attempt(do: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result | Exception:
    """What `do` gives for this task, or what it raises."""
    try:
        return do(*given, **named)
    except Exception as error:  # whoever asked for this one task is told; the others are done
        return error
