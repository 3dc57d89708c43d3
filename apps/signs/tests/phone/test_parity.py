"""The phone's folding, phrasebook, dictionary, language features and confidence features are Python's."""

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from afield.mitigation.modes import bound
from afield.records.decision import SLICE, ControlState
from afield.records.traffic import Mode
from scripts.phone_constants import constants
from signs.concluding import how, why
from signs.confidence import features
from signs.kit import Found, Kit
from signs.language.features import of_country
from signs.language.place import spoken
from signs.language.script import script, systems
from signs.reading.order import reading_order
from signs.reading.recognition import Reading
from signs.records import LANGUAGES, Line, Translation
from signs.sights import asked
from signs.slicing import HOLDS, SLICES
from signs.translation.book import Book, phrases_table
from signs.translation.dictionaries import packed
from signs.translation.engine import translator
from signs.translation.keys import key

MODES: tuple[Mode, ...] = ("automate", "prompt", "off")
PROGRAM = Path(__file__).parents[2] / "phone" / "node_modules" / ".parity" / "parity.mjs"
ENTRIES = {
    "ja": [
        ("広場", "a", "plaza"),
        ("駅前", "a", "in front of a station"),
        ("口", "c", "mouth"),
        ("土曜", "a", "Saturday"),
        ("エ事", "d", "no such word"),
        ("工事", "a", "construction"),
        ("東京", "b", "Tokyo"),
    ],
    "zh": [("出口", "a", "exit"), ("地铁", "a", "subway"), ("车站", "b", "station")],
}
ODD = [
    "",
    " ",
    "ＥＸＩＴ  only! ",
    "「出 口」",
    "約１００ｍ",
    "三〇〇円",
    "9:00〜17:00",
    "1F〜",
    "〜出口〜",
    "E\u0327 \u0301",
    "\uff21\uff0d",
    "Straße",
    "Défense d’entrer!",
    "Defense d'entrer",
    "関係者專用",
    "立人禁止",
    "入り囗",
    "한글",
    "👍🏽 go",
    "Ⅲ",
    "𠮷野家",
    "Выход",
]


class Phone:
    """The phone's parts in a Node process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, *question: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "phrases.json").write_bytes(phrases_table())
    (folder / "words.bin").write_bytes(packed(ENTRIES))
    return folder / "phrases.json", folder / "words.bin"


@pytest.fixture(scope="module")
def phone(tables: tuple[Path, Path]) -> Iterator[Phone]:
    node = shutil.which("node")
    if node is None or not PROGRAM.is_file():
        pytest.skip("the phone's parts are not built, or there is no node on the path; run: make phone")
    with subprocess.Popen([node, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        asked = Phone(process)
        asked("open", *map(str, tables))
        yield asked
        process.kill()


@pytest.fixture(scope="module")
def texts(tables: tuple[Path, Path]) -> list[tuple[str, str]]:
    """Phrases of the book, some with numbers put in, some put together, and odd texts, each with a language."""
    chance = random.Random(3)
    book = Book.opened(tables[0].read_bytes())
    found = [(text, language) for text in ODD for language in ("ja", "fr")]
    for language, phrases in book.table.languages.items():
        spellings = [spelling for phrase in phrases for spelling in phrase.spellings]
        chosen = chance.sample(spellings, min(120, len(spellings)))
        filled = [
            each.replace("{1}", chance.choice(["12", "\uff13", "二十", "1,200"])).replace("{2}", "30")
            for each in chosen
        ]
        found += [(each, language) for each in filled]
        found += [(" ".join(pair), language) for pair in zip(filled[:20], filled[20:40], strict=False)]
    return found


def test_the_phone_is_built_with_the_constants_of_python(phone: Phone) -> None:
    assert phone("constants") == json.loads(constants()), "run: make phone"


def test_keys_scripts_and_writing_systems_are_the_same(phone: Phone, texts: list[tuple[str, str]]) -> None:
    for text, _ in texts:
        assert phone("key", text) == key(text), text
        assert phone("script", text) == script(text), text
        for character in text:
            assert set(phone("systems", character)) == systems(character), character


def test_the_phrasebook_says_the_same(phone: Phone, texts: list[tuple[str, str]], tables: tuple[Path, Path]) -> None:
    book = Book.opened(tables[0].read_bytes())

    for text, language in texts:
        assert phone("book", text, language) == as_told(book(text, language)), (text, language)


def test_phrases_words_and_their_twins_are_asked_in_the_same_turn(
    phone: Phone, texts: list[tuple[str, str]], tables: tuple[Path, Path]
) -> None:
    translate = translator(*(table.read_bytes() for table in tables))
    accents = str.maketrans("éèàçñüäö専関", "eeacnuao專關")

    for text, language in texts:
        for looked in (text, text.translate(accents)):
            assert phone("translate", looked, language) == as_told(translate(looked, language)), (looked, language)


@pytest.mark.parametrize(
    "text",
    [
        "出口",
        "駅前広場",
        "地铁站",
        "东京",
        "東京駅前",
        "広場",
        "口",
        "車站",
        "",
        "駅前口",
        "士曜",
        "エ事",
        "口一マ",
        "ニ一",
        "車站出口地鐵",
        "駅前広場工事土曜駅前広場工事土曜駅前広場",
    ],
)
def test_the_dictionary_says_the_same(phone: Phone, tables: tuple[Path, Path], text: str) -> None:
    translate = translator(*(table.read_bytes() for table in tables))

    for language in LANGUAGES:
        assert phone("translate", text, language) == as_told(translate(text, language))


@pytest.mark.parametrize("country", [None, "JP", "CH", "FR", "US"])
def test_the_language_model_is_asked_the_same(phone: Phone, texts: list[tuple[str, str]], country: str | None) -> None:
    chance = random.Random(5)

    for _ in range(40):
        frame = [text for text, _ in chance.sample(texts, chance.randint(1, 4)) if text.strip()]
        numbers = phone("rows", frame, None if country is None else list(spoken(country)))
        np.testing.assert_allclose(np.reshape(numbers, (len(frame), -1)), of_country(frame, country), atol=1e-6)


def test_the_confidence_model_is_asked_the_same(phone: Phone) -> None:
    chance = np.random.default_rng(7)
    for text, vertical, known in [
        ("出口", True, True),
        ("約100m", False, False),
        ("", False, False),
        ("𠮷野家", False, True),
    ]:
        line = Line(
            box=chance.uniform(0, 400, (4, 2)).astype(np.float32), text=text, vertical=vertical, detection=0.8,
            scores=chance.uniform(0, 1, len(text)).astype(np.float32), entropy=0.3, blur=250.0, script=script(text),
        )  # fmt: skip
        given = {name: getattr(line, name) for name in line.__slots__} | {
            "box": line.box.tolist(),
            "scores": line.scores.tolist(),
        }

        expected = features(line, known)

        assert phone("features", given, known) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_lines_are_put_in_the_same_order(phone: Phone) -> None:
    chance = np.random.default_rng(11)
    for _ in range(60):
        number = int(chance.integers(1, 12))
        corners = chance.uniform(0, 600, (number, 1, 2))
        sizes = chance.uniform(10, 120, (number, 2))
        square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sizes[:, None]
        boxes = (corners + square).astype(np.float32)
        vertical = (sizes[:, 1] > 1.5 * sizes[:, 0]).tolist()

        assert phone("order", boxes.tolist(), vertical) == reading_order(list(boxes), vertical)


@pytest.mark.parametrize("text", ["→ 出口 ", "▲", "", "A → B", "出口⇒"])
def test_arrows_at_the_ends_are_left_out_alike(phone: Phone, text: str) -> None:
    expected = Reading(text, np.ones(len(text), np.float32), 0.0).trimmed().text

    assert phone("trimmed", list(text)) == expected


def test_a_line_is_shown_in_the_same_language_as_surely_and_for_the_same_reason(
    phone: Phone, texts: list[tuple[str, str]], tables: tuple[Path, Path]
) -> None:
    chance = random.Random(13)
    kit = object.__new__(Kit)
    kit.translate, kit.certain = translator(*(table.read_bytes() for table in tables)), 0.96
    box = np.zeros((4, 2), np.float32)

    for text, language in [*chance.sample(texts, 150), *((each, "ja") for each in ("出口", "工事", "東京", "口"))]:
        line = Line(
            box, text, False, 0.9, np.ones(len(text), np.float32), 0.1, 9.0, script(text), chance.random() < 0.9
        )
        drawn = {name: chance.random() ** 6 + 2 * (name == language) for name in LANGUAGES}
        shares = {name: share / sum(drawn.values()) for name, share in drawn.items()}
        confidence = chance.choice([0.3, 0.7, 0.93, 0.999])
        in_force = chance.choice(MODES)
        given = {"text": text, "readable": line.readable, "script": line.script}

        set_by_hand = {name: chance.choice(MODES) for name in chance.sample(sorted(HOLDS), 2)}
        control = ControlState(1, "r", mode_by_unit={SLICE + name: mode for name, mode in set_by_hand.items()})

        found = phone("bounded", phone("understood", given, shares, kit.certain), set_by_hand)
        (expected,) = bound(control, (kit._found(line, shares),), SLICES)
        assert isinstance(expected, Found)
        mode = how(expected, confidence, in_force)

        assert found["language"] == expected.language
        assert found["most"] == expected.most
        assert found["sure"] == pytest.approx(expected.language_sure)
        assert found["translation"] == as_told(expected.translation)
        assert phone("shown", found, confidence, in_force) == [mode, why(expected, confidence, mode, in_force)]


def test_travellers_are_asked_about_the_same_lines(phone: Phone) -> None:
    for number in range(200):
        assert phone("asked", f"4f1c-{number}/0") == asked(f"4f1c-{number}/0")


@pytest.mark.parametrize(
    ("text", "english", "sent"),
    [
        ("出口", "Way out", {"text": "出口", "english": "Way out"}),
        ("出囗", "Exit", {"text": "出囗"}),
        ("出囗", "Way out", {"text": "出囗", "english": "Way out"}),
        ("", "Way out", {"text": "出口", "english": "Way out"}),
        ("出口", "Exit", None),
        ("出口", "", None),
    ],
)
def test_the_reading_goes_with_an_edited_english(phone: Phone, text: str, english: str, sent: object) -> None:
    assert phone("correction", {"text": "出口", "english": "Exit"}, text, english) == sent


def as_told(translation: Translation | None) -> object:
    if translation is None:
        return None
    told = {name: getattr(translation, name) for name in ("english", "source", "reason")}
    return told | {"sure": pytest.approx(translation.sure, abs=1e-12)}
