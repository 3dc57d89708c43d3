"""Drills about what people do: switch the model off, set an answer by hand, ask that nothing is known of them."""

import json
import secrets
from datetime import timedelta

from afield.drills.rig import Rig
from afield.drills.seen import Seen
from afield.records.applied import OVERRIDE
from afield.records.decision import Override

NAME = OVERRIDE + "drill"
AT_ONCE = 2.0
"""Seconds in which an order has to be followed."""


def mode_off(rig: Rig) -> Seen:
    """Switch the model off for all; the next answers are neutral and say so, until it is switched on again."""
    served, by = rig.service(), rig.office.by("drill")
    by.mode("off", "a drill", served.tick)
    off = served.until(lambda answer: answer.mode == "off")
    during = served.ask()
    by.mode("automate", "the drill is over", served.tick)
    on = served.until(lambda answer: answer.mode == "automate" and not answer.applied)
    followed = all(answer.mode == "off" for answer in during.answers)
    return Seen(
        f"off after {off:.2f} s, {during.failed} failed meanwhile, on again after {on:.2f} s",
        max(off, on) <= AT_ONCE and during.failed == 0 and followed,
    )


def override(rig: Rig) -> Seen:
    """Set by hand what people feel; every answer carries it and says so, until it is lifted."""
    served, office = rig.service(), rig.office
    output = office.operate.felt if office.operate.felt in office.operate.neutral else office.operate.output
    value = office.operate.neutral.get(output, 0.0)
    by = office.by("drill")
    by.override(
        Override("drill", "*", output, value, "a drill", served.tick + timedelta(days=1)),
        served.tick,
    )
    held = served.until(lambda answer: NAME in answer.applied)
    during = served.ask()
    by.lift("drill", "the drill is over", served.tick)
    lifted = served.until(lambda answer: NAME not in answer.applied)
    kept = all(answer.output.get(output) == value for answer in during.answers)
    return Seen(
        f"in force after {held:.2f} s on {len(during.answers)} answers, {output} = {value:g}; lifted after "
        f"{lifted:.2f} s",
        max(held, lifted) <= AT_ONCE and during.failed == 0 and kept,
    )


def privacy(rig: Rig) -> Seen:
    """Ask as somebody whose name is told; no file that the service leaves holds the name."""
    private = rig.office.operate.private
    name = f"somebody-{secrets.token_hex(8)}"
    with rig.alone() as served:
        bodies = []
        for body in served.bodies(5):
            fields: dict[str, object] = json.loads(body)
            known = {each: name for each in private if each in rig.office.operate.asked.request.__struct_fields__}
            bodies.append(json.dumps({**fields, **known}).encode())
        found = served.ask(bodies)
    looked, left = 0, []
    for file in sorted(rig.office.home.root.rglob("*")):
        if file.is_file():
            looked += 1
            if name.encode() in file.read_bytes():
                left.append(file.name)
    return Seen(
        f"{len(found.answers)} answered for {name[:12]}…; {len(left)} of {looked} files hold the name"
        + (f": {', '.join(left[:3])}" if left else ""),
        found.failed == 0 and not left,
    )
