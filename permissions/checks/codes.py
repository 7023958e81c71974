"""The result codes of a check (domain 1.3): label, tone and order of severity."""

from __future__ import annotations

from permissions.checks.words import Word


def gettext_noop(message: str) -> str:
    """Marks a text for the translators; the edge translates it."""
    return message


class Code(Word):
    ALLOWED = "0"
    SUPERVISED = "2S"
    ASSIST_ONLY = "2A"
    NO_RIGHT = "1"
    ABOVE_CEILING = "1G"
    EXPIRED = "3"
    SUSPENDED = "4"
    NOT_IN_CATALOGUE = "5"
    NOT_DONE_HERE = "6"
    OUT_OF_SCOPE = "7"
    OVERRIDE = "8"
    UNKNOWN = "9"

    @property
    def label(self) -> str:
        """What pages show, in Chinese; the edge passes it through gettext."""
        return LABELS[self]

    @property
    def tone(self) -> str:
        """Which of the design's colours carries it."""
        return TONES[self]

    @property
    def severity(self) -> int:
        """Of several findings the one with the highest severity speaks for all."""
        return SEVERITY.index(self)

    @property
    def lets_through(self) -> bool:
        """True when the operation may be ordered as it stands."""
        return self in LETTING_THROUGH


LABELS = {
    Code.ALLOWED: gettext_noop("可主刀"),
    Code.SUPERVISED: gettext_noop("带教下主刀"),
    Code.ASSIST_ONLY: gettext_noop("仅助手"),
    Code.NO_RIGHT: gettext_noop("无权限"),
    Code.ABOVE_CEILING: gettext_noop("越级需审批"),
    Code.EXPIRED: gettext_noop("已到期"),
    Code.SUSPENDED: gettext_noop("已暂停"),
    Code.NOT_IN_CATALOGUE: gettext_noop("不在目录"),
    Code.NOT_DONE_HERE: gettext_noop("本院不得开展"),
    Code.OUT_OF_SCOPE: gettext_noop("超执业范围"),
    Code.OVERRIDE: gettext_noop("急诊越级登记"),
    Code.UNKNOWN: gettext_noop("暂时无法核对"),
}

TONES = {
    Code.ALLOWED: "ok",
    Code.SUPERVISED: "info",
    Code.ASSIST_ONLY: "info",
    Code.NO_RIGHT: "bad",
    Code.ABOVE_CEILING: "warn",
    Code.EXPIRED: "mute",
    Code.SUSPENDED: "warn",
    Code.NOT_IN_CATALOGUE: "bad",
    Code.NOT_DONE_HERE: "bad",
    Code.OUT_OF_SCOPE: "bad",
    Code.OVERRIDE: "vio",
    Code.UNKNOWN: "mute",
}

# From harmless to severe: first what lets the operation through, then what another
# person or an application can mend, then what nobody at the table can.
SEVERITY = (
    Code.ALLOWED,
    Code.OVERRIDE,
    Code.UNKNOWN,
    Code.SUPERVISED,
    Code.ASSIST_ONLY,
    Code.ABOVE_CEILING,
    Code.EXPIRED,
    Code.NO_RIGHT,
    Code.SUSPENDED,
    Code.NOT_IN_CATALOGUE,
    Code.NOT_DONE_HERE,
    Code.OUT_OF_SCOPE,
)

LETTING_THROUGH = frozenset({Code.ALLOWED, Code.OVERRIDE})
