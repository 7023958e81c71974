"""What 系统设置 shows: values with unit and range, changes, previews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.desk.presenters_people import name_of
from portal.parameters.queries import ParameterChange
from portal.parameters.registry import PARAMETERS, Parameter
from portal.ui.elements import Change, Diff, Moment, Text, Timeline
from portal.ui.moments import write_moment, write_second
from portal.ui.phrases import said


@dataclass(frozen=True)
class ParameterRow:
    key: str
    title: Text
    basis: Text
    value: str
    is_default: bool
    default: str
    range: str
    since: str
    by: str
    reason: str
    change_url: str
    history_url: str


def parameter_rows(changes: Mapping[str, ParameterChange]) -> list[ParameterRow]:
    """Every parameter of the registry; ``changes`` are the last ones, by key."""
    return [_row(item, changes.get(key)) for key, item in PARAMETERS.items()]


def _row(item: Parameter, change: ParameterChange | None) -> ParameterRow:
    value = change.value if change else item.default
    return ParameterRow(
        key=item.key,
        title=item.title,
        basis=item.basis,
        value=with_unit(item, value),
        is_default=value == item.default,
        default=with_unit(item, item.default),
        range=range_of(item),
        since=write_moment(change.at) if change else _("安装时"),
        by=name_of(change.by) if change else "—",
        reason=change.reason if change else "—",
        change_url=reverse("desk:parameter-change", args=[item.key]),
        history_url=reverse("desk:parameter-history", args=[item.key]),
    )


def with_unit(item: Parameter, value: int) -> str:
    return f"{value:,} {item.unit}"


def range_of(item: Parameter) -> str:
    words = {"minimum": f"{item.minimum:,}", "maximum": f"{item.maximum:,}"}
    return _("%(minimum)s 至 %(maximum)s") % words


def preview(item: Parameter, before: int, after: int) -> Diff:
    return Diff(
        [Change(item.title, with_unit(item, before), with_unit(item, after))],
        _("参数"),
    )


def timeline(item: Parameter, changes: Sequence[ParameterChange]) -> Timeline:
    """``changes`` come newest first; the first of all began at the default."""
    befores = [later.value for _newer, later in pairwise(changes)] + [item.default]
    return Timeline(
        [
            Moment(
                write_second(change.at),
                _("%(before)s 改为 %(after)s")
                % {
                    "before": with_unit(item, before),
                    "after": with_unit(item, change.value),
                },
                said(name_of(change.by), change.reason),
            )
            for change, before in zip(changes, befores, strict=False)
        ]
    )
