"""The canonical JSON of a value: the one byte string that digests and signatures are made over."""

import json

import msgspec

from afield.errors import ReleaseError


def canonical(value: object) -> bytes:
    """The canonical JSON of a struct, mapping, sequence or scalar.

    Canonical means: object keys sorted by code point and never repeated; no white space outside strings;
    UTF-8, with only `"`, the backslash and control characters escaped; integers as they are, floats in
    their shortest form that reads back equal (Python's `repr`); no NaN and no infinity. Times are ISO 8601.

    Raises:
        ReleaseError: the value holds NaN, an infinity, broken text, or something that JSON cannot say.

    >>> canonical({"b": 1.0, "a": (True, None)})
    b'{"a":[true,null],"b":1.0}'
    """
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ReleaseError(f"cannot write as canonical JSON: {error}; use finite numbers and plain text") from error


def is_canonical(raw: bytes) -> bool:
    """Whether `raw` is JSON, byte for byte in canonical form."""
    try:
        return canonical(json.loads(raw)) == raw
    except (ValueError, RecursionError, ReleaseError):
        return False
