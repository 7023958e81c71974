"""The departments a head of department looks after.

A head whose account is not linked to a doctor of the HIS was known by the office until
now; the department of that name becomes the scope. Nobody else gets one.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

OPEN = ("PENDING", "ACTIVE")


def name_by_office(apps: Any, schema_editor: Any) -> None:
    assignments = apps.get_model("accounts", "RoleAssignment").objects.using(
        schema_editor.connection.alias
    )
    departments = apps.get_model("directory", "Department").objects.using(
        schema_editor.connection.alias
    )
    codes = dict(departments.order_by("code").values_list("name", "code"))
    heads = assignments.filter(
        role="DEPARTMENT_HEAD", state__in=OPEN, user__practitioner=None
    )
    for pk, office in heads.order_by("pk").values_list("pk", "user__office"):
        if office in codes:
            assignments.filter(pk=pk).update(departments=[codes[office]])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("directory", "0001_initial")]

    operations = [
        migrations.AddField(
            "roleassignment",
            "departments",
            models.JSONField(blank=True, default=list, verbose_name="所管科室"),
        ),
        migrations.AddField(
            "historicalroleassignment",
            "departments",
            models.JSONField(blank=True, default=list, verbose_name="所管科室"),
        ),
        migrations.RunPython(name_by_office, migrations.RunPython.noop),
    ]
