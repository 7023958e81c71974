"""Why a change of a parameter was refused; ``text`` is what the person reads."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.parameters.registry import Parameter


class ParameterRefusal(Exception):
    """Nothing was changed."""

    def __init__(self, parameter: Parameter, value: int) -> None:
        super().__init__(f"{parameter.key}={value}")
        self.parameter = parameter
        self.value = value

    @property
    def text(self) -> str:
        raise NotImplementedError


class ParameterOutOfRange(ParameterRefusal):
    """The value lies outside what regulation or sense allows."""

    @property
    def text(self) -> str:
        return _("须在 %(minimum)s 至 %(maximum)s %(unit)s之间，现填 %(value)s。") % {
            "minimum": self.parameter.minimum,
            "maximum": self.parameter.maximum,
            "unit": self.parameter.unit,
            "value": self.value,
        }


class ParameterUnchanged(ParameterRefusal):
    """It is what it already was: a change that changes nothing has no history."""

    @property
    def text(self) -> str:
        return _("与现在的值相同，没有修改。")


class ParameterChangedMeanwhile(ParameterRefusal):
    """Somebody else changed it since the form was opened."""

    @property
    def text(self) -> str:
        return _("刚才已有人改过，现为 %(value)s %(unit)s。核对后再提交。") % {
            "value": self.value,
            "unit": self.parameter.unit,
        }
