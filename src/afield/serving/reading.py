"""Bodies read as their type, where a whole number may be written as 74.0: JSON knows one kind of number."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

Kind = TypeVar("Kind")


def reader(kind: type[Kind]) -> Callable[[bytes | msgspec.Raw], Kind]:
    """A function that reads JSON strictly as `kind`; what fits at once costs nothing more.

    >>> reader(int)(b"74.0")
    74
    """
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes | msgspec.Raw) -> Kind:
        try:
            return decode(body)
        except msgspec.ValidationError as error:
            if "got `float`" not in str(error):
                raise
            try:
                return msgspec.convert(_whole(msgspec.json.decode(body)), kind)
            except msgspec.ValidationError:
                raise error from None

    return read


def _whole(node: object) -> object:
    """The node with floats that are whole as integers; where a float is wanted, an integer is one."""
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if isinstance(node, list):
        return [_whole(each) for each in node]
    if isinstance(node, dict):
        return {name: _whole(value) for name, value in node.items()}
    return node
