from __future__ import annotations

import pytest

from portal.directory.pinyin import initials_of, pinyin_of


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("王建国", "wang jian guo", "wjg"),
        ("单晓芸", "shan xiao yun", "sxy"),
        ("曾毅", "zeng yi", "zy"),
        ("解珍", "xie zhen", "xz"),
        ("仇英", "qiu ying", "qy"),
        ("区志强", "ou zhi qiang", "ozq"),
        ("查理", "zha li", "zl"),
        ("尉迟恭", "yu chi gong", "ycg"),
        ("单于丹", "chan yu dan", "cyd"),
        ("长孙无忌", "zhang sun wu ji", "zswj"),
        ("翟志刚", "zhai zhi gang", "zzg"),
        ("吕布", "lv bu", "lb"),
        ("陈曾", "chen ceng", "cc"),
        ("买买提·艾力", "mai mai ti ai li", "mmtal"),
        ("Anna Lee", "anna lee", "al"),
        ("", "", ""),
    ],
)
def test_spell_a_name_reads_the_surname_as_a_surname(
    name: str, pinyin: str, initials: str
) -> None:
    assert (pinyin_of(name), initials_of(name)) == (pinyin, initials)
