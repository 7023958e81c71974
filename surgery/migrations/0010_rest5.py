from django.db import migrations, models
from django.db.models import F, Q

ENDS_LATER = (
    Q(effective_to__isnull=True)
    | Q(effective_from__isnull=True)
    | Q(effective_from__lt=F("effective_to"))
)


def constraint(condition):
    return models.CheckConstraint(
        condition=condition,
        name="surgery_procedure_from_before_to",
        violation_error_message="停用日期须晚于启用日期。",
    )


def drop_ends(apps, schema_editor):
    """On the way down: what waits to come back keeps that day alone, as it used to."""
    rows = apps.get_model("surgery", "Procedure").objects.filter(is_enabled=False)
    rows.filter(effective_from__gte=F("effective_to")).update(effective_to=None)


class Migration(migrations.Migration):
    dependencies = [("surgery", "0009_planned_field")]

    operations = [
        migrations.RemoveConstraint("procedure", "surgery_procedure_from_before_to"),
        migrations.AddConstraint(
            "procedure", constraint(Q(is_enabled=False) | ENDS_LATER)
        ),
        migrations.RunPython(migrations.RunPython.noop, drop_ends),
    ]
