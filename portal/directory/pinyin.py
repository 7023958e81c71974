"""Names as pinyin, for one sort order on every database and search by initials."""

from __future__ import annotations

from pypinyin import lazy_pinyin

# Characters read otherwise when they stand as a surname.
SURNAMES = {
    "万俟": ("mo", "qi"),
    "尉迟": ("yu", "chi"),
    "澹台": ("tan", "tai"),
    "长孙": ("zhang", "sun"),
    "单于": ("chan", "yu"),
    "令狐": ("ling", "hu"),
    "皇甫": ("huang", "fu"),
    "宿": ("su",),
    "单": ("shan",),
    "曾": ("zeng",),
    "解": ("xie",),
    "仇": ("qiu",),
    "区": ("ou",),
    "查": ("zha",),
    "朴": ("piao",),
    "盖": ("ge",),
    "缪": ("miao",),
    "覃": ("qin",),
    "翟": ("zhai",),
    "乐": ("yue",),
    "员": ("yun",),
    "召": ("shao",),
    "冼": ("xian",),
    "洗": ("xian",),
    "种": ("chong",),
    "重": ("chong",),
    "秘": ("bi",),
    "折": ("she",),
    "繁": ("po",),
    "祭": ("zhai",),
    "能": ("nai",),
    "隗": ("wei",),
    "薄": ("bo",),
    "藏": ("zang",),
    "谌": ("chen",),
    "乜": ("nie",),
    "郇": ("xun",),
    "佴": ("nai",),
    "幺": ("yao",),
    "黑": ("he",),
    "长": ("chang",),
    "柏": ("bai",),
    "晟": ("cheng",),
}


def syllables(name: str) -> list[str]:
    """``单晓芸`` → ``shan xiao yun``; letters and digits stay, signs are dropped."""
    for length in (2, 1):
        reading = SURNAMES.get(name[:length]) if len(name) >= length else None
        if reading:
            return [*reading, *spelled(name[length:])]
    return spelled(name)


def spelled(text: str) -> list[str]:
    words = " ".join(lazy_pinyin(text)).lower().split()
    letters = ("".join(filter(str.isalnum, word)) for word in words)
    return [word for word in letters if word]


def pinyin_of(name: str) -> str:
    """Syllables with a blank between them, so that 李宁 sorts before 林国."""
    return " ".join(syllables(name))[:200]


def initials_of(name: str) -> str:
    return "".join(word[0] for word in syllables(name))[:50]
