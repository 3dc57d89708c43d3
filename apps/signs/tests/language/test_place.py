"""Places: their country, offline, and the languages of its signs."""

import pytest

from signs.language.place import LANGUAGES_OF, country, spoken
from signs.records import LANGUAGES, Place


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (35.6595, 139.7005, "JP"),
        (26.2124, 127.6809, "JP"),
        (43.0618, 141.3545, "JP"),
        (34.4347, 135.2440, "JP"),
        (25.0478, 121.5170, "TW"),
        (39.9087, 116.3975, "CN"),
        (22.2819, 114.1582, "HK"),
        (22.1987, 113.5439, "MO"),
        (1.2835, 103.8585, "SG"),
        (37.5547, 126.9706, "KR"),
        (35.1796, 129.0756, "KR"),
        (48.8566, 2.3522, "FR"),
        (43.6961, 7.2718, "FR"),
        (52.5200, 13.4050, "DE"),
        (48.2082, 16.3738, "AT"),
        (47.3769, 8.5417, "CH"),
        (40.4168, -3.7038, "ES"),
        (41.3851, 2.1734, "ES"),
        (28.1235, -15.4363, "ES"),
        (19.4326, -99.1332, "MX"),
        (-34.6037, -58.3816, "AR"),
        (51.5074, -0.1278, "GB"),
        (40.7128, -74.0060, "US"),
        (42.5063, 1.5218, "AD"),
        (43.9360, 12.4470, "SM"),
        (-29.3100, 27.4800, "LS"),
    ],
)
def test_a_city_is_in_its_country(latitude: float, longitude: float, code: str) -> None:
    assert country(Place(latitude, longitude)) == code


@pytest.mark.parametrize("place", [None, Place(30.0, -40.0), Place(float("nan"), 0.0), Place(91.0, 0.0)])
def test_no_place_and_the_open_sea_have_no_country(place: Place | None) -> None:
    assert country(place) is None


def test_a_pier_belongs_to_its_coast() -> None:
    assert country(Place(35.30, 139.85)) == "JP"


def test_a_country_with_several_languages_names_the_commonest_first() -> None:
    assert spoken("CH") == ("de", "fr")
    assert spoken("IT") == spoken(None) == ()


def test_every_language_of_a_country_is_one_that_is_told_apart() -> None:
    assert {language for those in LANGUAGES_OF.values() for language in those} == set(LANGUAGES) - {"other"}
