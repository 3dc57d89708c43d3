"""Twins: characters that a reader, or a sign-writer, puts for each other; made when a release is built.

Each language has a table of characters to the form that stands for all their twins: Japanese new forms for old and
Chinese ones (專, 专 → 専), simplified characters for traditional and Japanese ones (專, 専 → 专), katakana for what
looks the same (へ → ヘ, 口 → ロ), letters without accents, as capitals often are. A text that is in no book as it was
read is looked up again in these forms, and counts where only one entry has them.
"""

import re
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache

from signs.translation.entries import CEDICT, JAMDICT, installed

Twins = tuple[str, str]
"""Characters, and what stands for each, place by place."""

TWIN = "but for a character that looks alike"
"""Added to the reason of what is found by twins."""
KANA = dict(
    zip(
        "へべぺり一-力口囗工二八夕卜才ッャュョァィゥェォ",
        "ヘベペリーーカロロエニハタトオツヤユヨアイウエオ",
        strict=True,
    )
)
HAN = dict(zip("ー-カロ囗エニハタトオ", "一一力口口工二八夕卜才", strict=True))
LATIN = ("fr", "de", "es")
COMMON_GRADE = 8
JAPANESE_OF = re.compile(r"(\S) \S \[[^\]]*\] /Japanese variant of (\S)")


def twins(language: str, texts: Iterable[str]) -> Twins:
    """The twins that the characters of `texts` have in `language`."""
    used = set("".join(texts))
    if language in LATIN:
        table = {each: _bare(each) for each in used if len(_bare(each)) == 1}
    else:
        table = dict(MADE[language]()) if language in MADE else {}
    # What is one character in no text, and stands for none of one, finds nothing.
    wanted = {table.get(each, each) for each in used}
    pairs = sorted((each, form) for each, form in table.items() if each != form and form in wanted)
    return "".join(each for each, _ in pairs), "".join(form for _, form in pairs)


@cache
def japanese() -> Mapping[str, str]:
    """Characters that are not in common use → the one in common use that they are a form of; kana for lookalikes."""
    simplified, traditional = _chinese_forms()
    common, variants = _kanjidic()
    table: dict[str, str] = {}
    for form, old in JAPANESE_OF.findall(installed(*CEDICT).read_text("utf-8")):
        if form in common:
            table |= {each: form for each in (old, simplified.get(old, old)) if each not in common}
    for each in sorted({*variants, *traditional} - common - set(table)):
        old = traditional.get(each, each)
        forms = {*variants[each], old, *variants[old]} & common
        if len(forms) == 1:
            table[each] = forms.pop()
    return {each: KANA.get(form, form) for each, form in table.items()} | KANA


@cache
def chinese() -> Mapping[str, str]:
    """Traditional and Japanese characters → the simplified one; characters for kana that look the same."""
    simplified, _ = _chinese_forms()
    common, variants = _kanjidic()
    table = {each: form for each, form in simplified.items() if form != each}
    for each in sorted(common - set(simplified)):
        forms = {simplified[old] for old in variants[each] if old in simplified}
        if len(forms) == 1:
            table[each] = forms.pop()
    for form, old in JAPANESE_OF.findall(installed(*CEDICT).read_text("utf-8")):
        table[form] = simplified.get(old, old)
    table |= HAN
    return {each: table.get(form, form) for each, form in table.items()}


MADE = {"ja": japanese, "zh": chinese}


@cache
def _chinese_forms() -> tuple[dict[str, str], dict[str, str]]:
    """Traditional → simplified and back, each by what most words of CC-CEDICT have; in words of two or more."""
    simplified: dict[str, Counter[str]] = defaultdict(Counter)
    traditional: dict[str, Counter[str]] = defaultdict(Counter)
    for line in installed(*CEDICT).read_text("utf-8").splitlines():
        first, second = [*line.split(" ", 2), "", ""][:2]
        if not line.startswith("#") and len(first) == len(second) > 1:
            for old, new in zip(first, second, strict=True):
                simplified[old][new] += 1
                traditional[new][old] += 1
    return tuple({each: forms.most_common(1)[0][0] for each, forms in one.items()} for one in (simplified, traditional))  # type: ignore[return-value]


@cache
def _kanjidic() -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
    """The characters in common use in Japan, and the variants of all, from KANJIDIC2 (EDRDG, CC BY-SA)."""
    with closing(sqlite3.connect(f"file:{installed(*JAMDICT)}?mode=ro", uri=True)) as base:
        rows = base.execute("SELECT ID, literal, grade FROM character ORDER BY ID").fetchall()
        codes = {(kind, value): own for own, kind, value in base.execute("SELECT cid, cp_type, value FROM codepoint")}
        pairs = base.execute("SELECT cid, var_type, value FROM variant ORDER BY rowid").fetchall()
    literals = {own: literal for own, literal, _ in rows}
    variants: dict[str, set[str]] = defaultdict(set)
    for own, kind, value in pairs:
        other = codes.get((kind, value))
        if other is not None:
            variants[literals[own]].add(literals[other])
            variants[literals[other]].add(literals[own])
    common = frozenset(literal for _, literal, grade in rows if grade is not None and int(grade) <= COMMON_GRADE)
    return common, defaultdict(frozenset, {each: frozenset(others) for each, others in variants.items()})


def _bare(letter: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", letter) if not unicodedata.combining(each))
