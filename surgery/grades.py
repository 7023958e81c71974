"""The grade dictionary: what the regulation says a grade is (domain 1.2 GR01)."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_noop as _

from surgery.enums import Grade

# The hospital's own words stand in ``GradeText``; see ``queries.grades``.
CRITERIA: Mapping[Grade, str] = {
    Grade.FOUR: _(
        "风险高、过程复杂、难度大、资源消耗多，或涉及重大伦理风险的手术。"
        "逐项授权，每年至少评估一次；术前须多学科讨论。"
    ),
    Grade.THREE: _("风险较高、过程较复杂、难度较大、资源消耗较多的手术。逐项授权。"),
    Grade.TWO: _("有一定风险、过程复杂程度一般、有一定技术难度的手术。"),
    Grade.ONE: _("风险较低、过程简单、技术难度低的手术。"),
    Grade.UNGRADED: _(
        "目录中有、尚未定级的手术。定级以前任何人都不能主刀，也不能授权。"
    ),
}
