"""Why a forecast is what it is, in words for the rider: the values of a zone now beside its usual ones at this hour."""

from collections.abc import Mapping
from math import isfinite

from afield.evaluation.explanation import Cause

Values = Mapping[str, float]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def recent(row: Values, usual: Values) -> str:
    """Orders of the last hour and day."""
    return (
        f"{row['mean_1h']:.0f} orders here in the last hour, usually {usual['mean_1h']:.0f}; "
        f"{24 * row['mean_24h']:.0f} in the last day, usually {24 * usual['mean_24h']:.0f}"
    )


def curves(row: Values, usual: Values) -> str:
    """What this hour of the week brought in past weeks."""
    return (
        f"{row['typical_week']:.0f} orders an hour at this time in the last four weeks, over all days "
        f"{usual['typical_week']:.0f}"
    )


def neighbours(row: Values, usual: Values) -> str:
    """Orders in the zones around."""
    return f"{row['neighbours_1h']:.0f} orders next door in the last hour, usually {usual['neighbours_1h']:.0f}"


def heading(row: Values, usual: Values) -> str:
    """People on their way."""
    return f"{row['heading_3h']:.0f} riders set out for here in the last three hours, usually {usual['heading_3h']:.0f}"


def city(row: Values, _usual: Values) -> str:
    """How busy the whole city is."""
    change = row["city_momentum_3h"] - 1
    if abs(change) < 0.02:
        return "the city is as busy as ever"
    return (
        f"the whole city is {abs(change):.0%} {'busier' if change > 0 else 'quieter'} than at this time of past weeks"
    )


def holidays(row: Values, _usual: Values) -> str:
    """Whether it is a holiday, or one is near."""
    told = {"holiday": "today is a holiday", "holiday_yesterday": "yesterday was a holiday"}
    told["holiday_tomorrow"] = "tomorrow is a holiday"
    return "; ".join(words for name, words in told.items() if row[name] > 0) or "no holiday"


def weather(row: Values, _usual: Values) -> str:
    """Rain, snow and temperature as they are known."""
    if not isfinite(row["temperature"]):
        return "the weather is not known"
    rain = f"rain, {row['precipitation']:.1f} mm an hour" if row["precipitation"] > 0.05 else "dry"
    snow = f", snow, {row['snowfall']:.1f} cm an hour" if row["snowfall"] > 0.05 else ""
    return f"{rain}{snow}, {row['temperature']:.0f} °C"


def events(row: Values, _usual: Values) -> str:
    """Scheduled crowds."""
    if not isfinite(row["event"]):
        return "no event"
    return "an event here or next door " + ("has begun" if row["event"] >= 0 else "is about to begin")


def surges(row: Values, _usual: Values) -> str:
    """Shortages of the last day."""
    if row["surges_24h"] <= 0:
        return "no shortage in the last day"
    return f"{row['surges_24h']:.0f} slots with a shortage in the last day"


def moment(row: Values, _usual: Values) -> str:
    """Weekday and hour."""
    return f"{DAYS[int(row['hour_of_week']) // 24 % 7]}, {int(row['hour_of_day'])} o'clock"


CAUSES: Mapping[str, Cause] = {
    "recent counts": recent,
    "typical curves": curves,
    "neighbours": neighbours,
    "travelling here": heading,
    "whole city": city,
    "holidays": holidays,
    "weather as known": weather,
    "events": events,
    "past surges": surges,
    "hour and weekday": moment,
    "place": lambda _row, _usual: "what this place is like",
}
