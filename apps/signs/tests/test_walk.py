from datetime import datetime

import pytest

from afield.errors import UsageError
from signs.rendering.signs import Text
from signs.walk import CITIES, drawable, walk

START = datetime(2026, 5, 1, 9)
PHRASES = (
    Text("現金のみ", "ja", ("Cash only",)),
    Text("本日休業", "ja", ("Closed today",)),
    Text("小心地滑", "zh", ("Caution: slippery floor",)),
    Text("请勿停车", "zh", ("No parking",)),
    Text("비상구", "ko", ("Emergency exit",)),
    Text("Sortie", "fr", ("Exit",)),
    Text("Ausfahrt", "de", ("Exit",)),
    Text("Salida", "es", ("Exit",)),
)


def test_the_same_seed_walks_the_same_way() -> None:
    one, other = (list(walk(3, START, 8, 12, PHRASES)) for _ in range(2))
    assert [(each.at, each.device, each.frame, each.place) for each in one] == [
        (each.at, each.device, each.frame, each.place) for each in other
    ]


def test_a_walk_goes_through_all_cities_in_the_order_of_time() -> None:
    taken = list(walk(1, START, 10, 24, PHRASES))
    assert len(taken) == 24
    assert {each.city for each in taken} == {city.name for city in CITIES}
    assert [each.at for each in taken] == sorted(each.at for each in taken)
    assert taken[0].at >= START
    assert (taken[-1].at - START).total_seconds() <= 10 * 3600


def test_travellers_stay_near_their_city_and_are_called_generated() -> None:
    centres = {city.name: city.centre for city in CITIES}
    for each in walk(2, START, 10, 24, PHRASES):
        assert abs(each.place.latitude - centres[each.city].latitude) < 0.1
        assert abs(each.place.longitude - centres[each.city].longitude) < 0.15
        assert each.device.startswith("generated-")


def test_night_begins_at_the_turn() -> None:
    taken = list(walk(1, START, 10, 16, PHRASES, turn=0.5))
    noon = [(each.at - START).total_seconds() < 5 * 3600 for each in taken]
    assert [each.regime == "day" for each in taken] == noon


def test_signs_in_taipei_are_in_traditional_characters() -> None:
    taipei = next(city for city in CITIES if city.name == "Taipei")
    assert [each.text for each in drawable(taipei, PHRASES)["zh"]] == ["小心地滑"]


def test_cities_without_texts_are_not_walked_in() -> None:
    assert {each.city for each in walk(1, START, 1, 10, PHRASES[5:6])} == {"Paris"}


@pytest.mark.parametrize("frames", [0, -1])
def test_a_walk_without_frames_is_refused(frames: int) -> None:
    with pytest.raises(UsageError, match="must be positive"):
        list(walk(1, START, 1, frames, PHRASES))


def test_a_walk_without_phrases_is_refused() -> None:
    with pytest.raises(UsageError, match="no phrase"):
        list(walk(1, START, 1, 5, ()))
