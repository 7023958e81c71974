"""Why a right was not given: what the catalogue demands is not there yet.

The next step is the hospital's own, as the rule of the check has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from permissions.services.refusals import ActRefused
from portal.parameters.days import last_day_of
from portal.ui.phrases import listed


class NotReady(ActRefused):
    """``rule`` is the rule of the check that is not met, ``missing`` its codes."""

    field = "privilege"
    rule = ""

    def __init__(self, message: str, remedy: str, missing: Iterable[str] = ()) -> None:
        self.missing = tuple(missing)
        step = _("%(remedy)s。") % {"remedy": _(remedy)} if remedy else ""
        super().__init__(f"{message}{step}")


class PrerequisiteMissing(NotReady):
    rule = "G02"

    def __init__(
        self, privilege: str, missing: dict[str, str], name: str, remedy: str
    ) -> None:
        words = listed(f"{code} {title}" for code, title in missing.items())
        message = _("「%(privilege)s」须先有前提权限：%(missing)s，%(name)s没有。") % {
            "privilege": privilege,
            "missing": words,
            "name": name,
        }
        super().__init__(message, remedy, missing)


class TrainingMissing(NotReady):
    rule = "G03"

    def __init__(
        self, privilege: str, missing: dict[str, str], name: str, remedy: str
    ) -> None:
        message = _(
            "「%(privilege)s」须考核合格：%(missing)s，%(name)s没有在有效期内的合格记录。"
        ) % {
            "privilege": privilege,
            "missing": listed(missing.values()),
            "name": name,
        }
        super().__init__(message, remedy, missing)


class CertificateMissing(NotReady):
    rule = "G04"

    def __init__(
        self, privilege: str, missing: dict[str, str], name: str, remedy: str
    ) -> None:
        message = _(
            "「%(privilege)s」须持证：%(missing)s，%(name)s没有在有效期内的证书记录。"
        ) % {
            "privilege": privilege,
            "missing": listed(missing.values()),
            "name": name,
        }
        super().__init__(message, remedy, missing)


class RegistrationOver(NotReady):
    field = "practitioner"
    rule = "P02"

    def __init__(self, name: str, until: datetime, remedy: str) -> None:
        last = last_day_of(until)
        message = _("%(name)s的执业注册至 %(last)s 已到期。") % {
            "name": name,
            "last": last.isoformat() if last else "",
        }
        super().__init__(message, remedy)
