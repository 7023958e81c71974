"""Spellings of a code, how the list writes it, and its parts."""

from __future__ import annotations

import pytest

from surgery.codes import CodeKind, Parts, chapter_of, is_valid, key, parts_of, written
from surgery.enums import Chapter
from surgery.spelling import initials_of, spelling_of


@pytest.mark.parametrize(
    ("typed", "the_key", "as_written"),
    [
        ("51.2300", "512300", "51.2300"),
        ("512300", "512300", "51.2300"),
        (" 51.2300 ", "512300", "51.2300"),
        ("51. 2300", "512300", "51.2300"),
        ("５１．２３００", "512300", "51.2300"),
        ("51。2300", "512300", "51.2300"),
        ("52.7x00", "527x00", "52.7x00"),
        ("52.7X00", "527x00", "52.7x00"),
        ("52.7×00", "527x00", "52.7x00"),
        ("52.7х00", "527x00", "52.7x00"),  # a Cyrillic letter, as some sheets bring
        ("５２．７Ｘ００", "527x00", "52.7x00"),
        ("527x00", "527x00", "52.7x00"),
        ("39.7900X625", "397900x625", "39.7900x625"),
        ("39.7900×625", "397900x625", "39.7900x625"),
        ("41.3800 x001", "413800x001", "41.3800x001"),
        ("17.912a0", "17912a0", "17.912A0"),
        ("17.912A0", "17912a0", "17.912A0"),
        ("31.1X00X005", "311x00x005", "31.1x00x005"),
        ("43.5x03", "435x03", "43.5x03"),
        ("51.23", "5123", "51.23"),
        ("YN-0001", "yn0001", "YN-0001"),  # a code of the hospital's own
        (" 自编12 ", "自编12", "自编12"),
        ("", "", ""),
        ("—", "", "—"),
    ],
)
def test_every_spelling_has_one_key_and_one_way_of_writing(
    typed: str, the_key: str, as_written: str
) -> None:
    assert (key(typed), written(typed)) == (the_key, as_written)


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        ("51.2300", True),
        ("52.7x00", True),
        ("43.5x03", True),
        ("39.7900x625", True),
        ("17.912A0", True),
        ("51.23", True),
        ("51.2300x0011", True),
        ("512300", False),
        ("5.2300", False),
        ("51.2", False),
        ("51.2300x01", False),
        ("51.230000", False),
        ("51.2300X001", False),
        ("51.2300 ", False),
        ("YN-0001", False),
    ],
)
def test_only_codes_as_the_list_writes_them_are_valid(code: str, is_one: bool) -> None:
    assert is_valid(code) is is_one


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("51.2300", (Chapter.DIGESTIVE, "51.2", "51.23", CodeKind.BASE)),
        ("51.2301", (Chapter.DIGESTIVE, "51.2", "51.23", CodeKind.EXTENSION)),
        ("51.23", (Chapter.DIGESTIVE, "51.2", "51.23", CodeKind.HEADING)),
        ("52.7x00", (Chapter.DIGESTIVE, "52.7", "52.7x", CodeKind.BASE)),
        ("527X00", (Chapter.DIGESTIVE, "52.7", "52.7x", CodeKind.BASE)),
        ("43.5x03", (Chapter.DIGESTIVE, "43.5", "43.5x", CodeKind.EXTENSION)),
        ("39.7900x625", (Chapter.CARDIOVASCULAR, "39.7", "39.79", CodeKind.EXTENSION)),
        ("00.6600", (Chapter.UNCLASSIFIED, "00.6", "00.66", CodeKind.BASE)),
        ("17.912A0", (Chapter.OTHER, "17.9", "17.91", CodeKind.EXTENSION)),
    ],
)
def test_parts_say_where_an_entry_belongs(
    code: str, parts: tuple[Chapter, str, str, CodeKind]
) -> None:
    assert parts_of(code) == Parts(*parts)


@pytest.mark.parametrize("code", ["YN-0001", "5", "", "51.2", "51.2300x01"])
def test_code_the_list_could_not_have_has_no_parts(code: str) -> None:
    assert parts_of(code) is None


@pytest.mark.parametrize(
    ("group", "chapter"),
    [
        ("00", "00"),
        ("01", "01-05"),
        ("05", "01-05"),
        ("06", "06-07"),
        ("16", "08-16"),
        ("17", "17"),
        ("18", "18-20"),
        ("29", "21-29"),
        ("34", "30-34"),
        ("35", "35-39"),
        ("41", "40-41"),
        ("54", "42-54"),
        ("55", "55-59"),
        ("64", "60-64"),
        ("71", "65-71"),
        ("72", "72-75"),
        ("84", "76-84"),
        ("86", "85-86"),
        ("99", "87-99"),
        ("YN", ""),
        ("9", ""),
    ],
)
def test_chapter_is_that_of_the_first_two_digits(group: str, chapter: str) -> None:
    assert chapter_of(group) == chapter


def test_every_two_digits_have_a_chapter() -> None:
    assert [n for n in range(100) if not chapter_of(f"{n:02}.0000")] == []


@pytest.mark.parametrize(
    ("name", "initials", "pinyin"),
    [
        ("阑尾切除术", "lwqcs", "lanweiqiechushu"),
        (
            "内镜逆行胰胆管造影[ERCP]",
            "njnxydgzyercp",
            "neijingnixingyidanguanzaoyingercp",
        ),
        ("鼓室成形术，Ⅰ型", "gscxsix", "gushichengxingshuixing"),
        ("3 根血管", "3gxg", "3genxueguan"),
        ("", "", ""),
    ],
)
def test_names_are_spelled_as_doctors_type_them(
    name: str, initials: str, pinyin: str
) -> None:
    made = spelling_of(name)
    assert (made.initials, made.pinyin) == (initials, pinyin)


def test_initials_of_a_long_name_are_cut() -> None:
    assert initials_of("阑" * 150) == "l" * 100
