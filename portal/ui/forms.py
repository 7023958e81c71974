"""How form fields look: label on top, 必填 in words, errors below the field.

Settings name ``FORM_RENDERER = "portal.ui.forms.FormRenderer"``; a page then writes
``{{ form.reason.as_field_group }}`` or the whole ``{{ form }}``. A value that must not
be changed is a ``disabled`` field or has ``readonly`` and a help text naming its source.
"""

from __future__ import annotations

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.template import loader

TICKS = {"checkbox", "radio"}
BARE = {"hidden", "file"}


class FormRenderer(DjangoTemplates):
    """Fields by our components, widgets by Django's templates with our classes."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def render(
        self,
        template_name: str,
        context: dict[str, Any],
        request: HttpRequest | None = None,
    ) -> str:
        if template_name.startswith("components/"):
            return loader.get_template(template_name).render(context)
        if "widget" in context:
            dress(context["widget"])
        return super().render(template_name, context, request)


def dress(widget: dict[str, Any]) -> None:
    """Give the widget its class: ``inp``, ``cb``; marks of error and read-only."""
    options = [
        option for _, group, _ in widget.get("optgroups", []) for option in group
    ]
    if options and options[0]["type"] in TICKS:
        for option in options:
            option["attrs"]["class"] = "cb"
        return
    attrs = widget["attrs"]
    words = [attrs["class"]] if "class" in attrs else []
    kind = widget.get("type", "")
    if kind not in BARE:
        words.append("cb" if kind in TICKS else "inp")
    if attrs.get("aria-invalid"):
        words.append("err")
    if attrs.get("readonly") or attrs.get("disabled"):
        words.append("ro")
    if words:
        attrs["class"] = " ".join(words)
