"""Post templates as pages ask for them."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from permissions.models import PostTemplate, PostTemplateLine


def templates() -> QuerySet[PostTemplate]:
    """Templates with how many lines each has, as ``line_count``."""
    current = Count("lines", filter=Q(lines__is_dropped=False))
    return PostTemplate.objects.annotate(line_count=current)


def template_or_none(template_id: int) -> PostTemplate | None:
    return templates().filter(pk=template_id).first()


def enabled_templates() -> list[tuple[int, str]]:
    found = PostTemplate.objects.filter(is_enabled=True).order_by("name")
    return list(found.values_list("pk", "name"))


def lines_of(template: PostTemplate) -> list[PostTemplateLine]:
    """The lines that stand, in order."""
    rows = PostTemplateLine.objects.filter(template=template, is_dropped=False)
    return list(rows.select_related("privilege").order_by("position", "pk"))
