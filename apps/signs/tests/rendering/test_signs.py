import pytest

from signs.rendering.signs import texts


def test_every_spelling_becomes_a_text_with_all_renderings() -> None:
    found = texts("ja", [(("現金のみ", "お支払いは現金のみ"), ("Cash only", "Cash payment only"))])
    assert [each.text for each in found] == ["現金のみ", "お支払いは現金のみ"]
    assert found[1].english == ("Cash only", "Cash payment only")


@pytest.mark.parametrize("seed", range(5))
def test_placeholders_carry_the_same_number_in_both_languages(seed: int) -> None:
    (found,) = texts("ja", [(("徒歩{1}分{2}m",), ("{2} m, {1} min on foot", "{3} away"))], seed)
    minutes, metres = found.text.removeprefix("徒歩").removesuffix("m").split("分")
    assert found.english == (f"{metres} m, {minutes} min on foot",)
