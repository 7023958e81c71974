"""Tags and filters every template has without loading them."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.ui import moments
from portal.ui.address import changed_address
from portal.ui.drawing import drawn
from portal.ui.elements import Element, Grade

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """``{% icon "plus" %}``; without a label it is hidden from readers of the text."""
    url = f"{static('ui/icons.svg')}#i-{name}"
    css = f"i {css}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>',
            css,
            label,
            url,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, url
    )


@register.simple_tag
def draw(element: Element | None) -> str:
    """One element of ``portal.ui.elements``; nothing for None."""
    return drawn(element) if element is not None else ""


@register.simple_tag
def grade(number: int | None) -> str:
    """``{% grade 3 %}`` → 三级"""
    return draw(Grade(number))


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The address of this list with some parameters changed; None takes one away.

    ``<a href="{% query page=2 %}">``
    """
    request: HttpRequest = context["request"]
    return changed_address(request, **changes)


@register.filter
def day(value: date | datetime | None) -> str:
    return moments.write_day(value)


@register.filter
def last_day(valid_to: datetime | None) -> str:
    return moments.write_last_day(valid_to)


@register.filter
def moment(value: datetime | None) -> str:
    return moments.write_moment(value)


@register.filter
def second(value: datetime | None) -> str:
    return moments.write_second(value)


@register.filter
def short_moment(value: datetime | None) -> str:
    return moments.write_short(value)


@register.filter
def arrived(value: datetime | None) -> str:
    return moments.write_arrival(value)


@register.filter
def remaining(deadline: datetime | None) -> str:
    return moments.write_remaining(deadline)


@register.filter
def thousands(value: int | None) -> str:
    """``1,846``; what is missing is a dash."""
    return "—" if value is None else f"{value:,}"
