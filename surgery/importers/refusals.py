"""Why an act on an import of procedures was refused."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from portal.audit.refusing import ActRefused


class FlagsMissing(ActRefused):
    message = gettext_lazy(
        "还没有指定四级手术或微创手术所在的列；没有这样的列时，选择表中每行是什么。"
    )


class DeciderMissing(ActRefused):
    field = "second_no"
    message = gettext_lazy("手术级别须由另一人审定。请审定人输入工号和密码。")


class DeciderNotAnother(ActRefused):
    field = "second_no"
    message = gettext_lazy("审定人不能是导入的本人。请另一人审定。")


class DayMissing(ActRefused):
    field = "effective_on"
    message = gettext_lazy("填写施行日期。")
