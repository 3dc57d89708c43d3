"""Accounts: what an option costs a month, by what it is paid for."""

from afield.placement.cloud import loads
from afield.placement.measured import Measured
from afield.placement.options import Option
from afield.placement.seen import Seen
from afield.records.considerations import Considerations

DAYS, HOURS = 30.0, 24
KINDS = ("workers", "traffic", "wrong", "late", "absent")


def month(considered: Considerations, measured: Measured, option: Option, seen: Seen) -> dict[str, float]:
    """Money a month of the whole fleet: workers, traffic, and answers that are wrong, late or absent.

    Workers stand there for the load of each hour; computing ahead takes a share of one more. Designs that only hand out
    releases and take telemetry keep the least number of workers; what is static needs none.
    """
    fleet = considered.devices * DAYS / (seen.devices * seen.days)
    return {
        "workers": DAYS * considered.costs.server_hour * worker_hours(considered, measured, option),
        "traffic": fleet * seen.traffic_price,
        "wrong": fleet * considered.costs.wrong * seen.wrong,
        "late": fleet * considered.costs.late * seen.late,
        "absent": fleet * considered.costs.absent * seen.absent,
    }


def worker_hours(considered: Considerations, measured: Measured, option: Option) -> float:
    """Hours of workers a day."""
    if option.design == "static":
        return 0.0
    if not option.remote:
        return HOURS * considered.service.least_workers
    hours = float(sum(load.workers for load in loads(considered, measured, option)))
    if option.design == "cached":
        hours += HOURS * considered.cache.ahead * measured.row_s / considered.cloud.speed / considered.facts.every_s
    return hours
