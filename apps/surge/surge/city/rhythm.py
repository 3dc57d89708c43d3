"""The hour-of-week shape of every zone, calibrated on the real files' shape."""

import numpy as np
from numpy.typing import NDArray

from surge.city.layout import Layout

# Orders of an hour over the mean hour, measured on nine months of real green-taxi trips, all zones together.
_MONDAY = "33 22 15 14 13 15 42 102 129 135 131 130 131 129 148 165 179 179 185 140 101 84 62 44"
_TUESDAY = "31 18 12 8 8 13 45 112 144 148 142 136 140 133 154 167 185 188 190 145 112 96 74 49"
_WEDNESDAY = "33 21 13 12 10 14 46 113 147 153 148 146 143 142 162 181 193 208 201 157 115 101 81 57"
_THURSDAY = "36 21 14 9 11 15 44 116 148 154 147 143 149 144 167 186 203 219 216 161 123 107 88 65"
_FRIDAY = "45 29 17 12 12 14 42 105 130 144 136 135 126 126 163 183 196 208 205 169 128 112 98 83"
_SATURDAY = "68 52 43 34 24 18 21 39 56 79 99 122 131 130 143 153 147 145 151 132 113 103 97 88"
_SUNDAY = "74 58 46 39 28 18 22 31 43 62 85 104 119 116 127 134 135 133 138 114 100 88 68 52"
WEEK = np.array(
    [
        int(value)
        for day in (_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY)
        for value in day.split()
    ],
    dtype=np.float64,
)

QUARTERS = 96
"""Grain of the rates: quarter-hours in a day."""

PEAK_HOURS = (8.5, 17.5, 23.0)
"""When residential, office and night-life zones have more than their share."""


def shapes(layout: Layout, later: float) -> NDArray[np.float64]:
    """Relative rate per quarter-hour of the week, shape (672, zones), each zone's mean 1.

    Args:
        layout: the city.
        later: hours by which the moved zones run later.
    """
    hours = np.arange(7 * QUARTERS) / 4 + 0.125
    week = np.interp(hours, np.arange(-1, 169) + 0.5, np.concatenate([WEEK[-1:], WEEK, WEEK[:1]]))
    away = np.abs((hours[:, None] - np.array(PEAK_HOURS) + 12) % 24 - 12)
    tilt = 0.6 + 0.9 * np.exp(-((away / 3.0) ** 2))
    share = np.array([layout.rate[layout.kind == kind].sum() for kind in range(3)]) / layout.rate.sum()
    # Over all zones together the tilts cancel, so the city keeps the measured shape.
    tilt /= (tilt @ share)[:, None]
    shape = week[:, None] * tilt[:, layout.kind]
    shape[:, layout.moved] = np.roll(shape[:, layout.moved], round(later * 4), axis=0)
    return np.asarray(shape / shape.mean(axis=0))
