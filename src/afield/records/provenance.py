"""Provenance: where numbers come from, so that anybody can make them again."""

import msgspec


class Provenance(msgspec.Struct, frozen=True):
    """What stands behind the numbers of one report.

    Attributes:
        command: what was typed.
        data: name → version (digest or number) of what was read.
        code: digest of the code that ran.
        release: digest of the release that was looked at, or "" where there is none.
        seed: of everything random.
    """

    command: str
    data: dict[str, str]
    code: str
    release: str = ""
    seed: int = 0
