"""Options of `afield serve`: other services of the application, and what feeds this one."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Company:
    """Other services of the application, and what feeds this one."""

    share: str = ""
    """an object store (s3://…, gs://…, az://…) through which services on other hosts --join this one"""
    join: str = ""
    """the service whose releases this one follows: its AFIELD_HOME, if both hosts see it, or the URL of its --share"""
    called: Annotated[str, Parameter(name="--as")] = ""
    """of --join: its name there; left out: host and port"""
    events_clock: Annotated[bool, Parameter(negative="")] = False
    """domain time follows the events' watermark: for `afield replay`"""
    live: Annotated[bool, Parameter(negative="")] = False
    """generated traffic runs beside the service at wall-clock time; builds what it needs first"""


ALONE = Company()
"""No others, and nothing but clients."""
