import pytest

from signs.records import Language
from signs.rendering.fonts import SIMPLIFIED, TRADITIONAL, can_draw, faces, font, has


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "立入禁止のラーメン"),
        ("zh", "小心地滑"),
        ("ko", "비상구"),
        ("fr", "Défense d’œuvrer à Noël"),
        ("de", "Straßenübergang"),
        ("es", "¿Dónde? ¡Mañana!"),
    ],
)
def test_every_language_has_several_typefaces(language: Language, text: str) -> None:
    assert len(faces(language, text)) >= 3


def test_simplified_and_traditional_chinese_have_typefaces_of_their_own() -> None:
    assert set(faces("zh", "请勿停车")) == set(SIMPLIFIED)
    assert set(faces("zh", "請勿停車")) == set(TRADITIONAL)


def test_a_missing_character_is_noticed() -> None:
    assert not has(faces("fr", "Sortie")[0], "非")
    assert not can_draw("ja", "\U0010fffd")


def test_a_typeface_is_opened_once_a_size() -> None:
    face = faces("ja", "出口")[0]
    assert font(face, 30) is font(face, 30)
