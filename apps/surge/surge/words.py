"""What surge calls things, and what riders feel of a forecast."""

from dataclasses import replace

from afield.records.words import Measure, Words

WORDS = Words(
    people="riders",
    requests="quotes",
    row="zone and tick",
    rows="zones and ticks",
    scored="a row per zone and tick, zeros included",
    generated="a generated city",
    metrics={
        "poisson_deviance": (
            "Poisson deviance",
            "error weighed as counts deserve: five off matters more in a quiet zone",
        ),
    },
)
PRICED = (
    Measure(
        "wrongly_surged",
        "Wrongly surged",
        "riders asked to pay more where there were cars enough",
        mistake=True,
        worse="were wrongly surged",
    ),
    Measure(
        "missed_surges",
        "Missed surges",
        "riders shown the ordinary price where cars were short, so none were drawn",
        mistake=True,
        worse="met a surge that was missed",
    ),
    Measure("minutes_waited", "Minutes waited", "by all riders together, from order to pickup"),
    Measure("gave_up", "Gave up", "riders who accepted the price and left before a car came"),
)
CALLS = {
    "wrongly_surged": "riders in a zone and slot that was called a surge and was none",
    "missed_surges": "riders in a zone and slot that was a surge and was not called one",
}
CALLED = tuple(replace(each, line=CALLS.get(each.name, each.line)) for each in PRICED)
"""The same on real files, which hold no price and no waits: calls of a surge are all there is."""

MISTAKES = "Riders wrongly surged or met by a missed surge"
