from django.db import migrations

NO_DAY = "1900-01-01"
COUNTS = ("ours", "theirs", "missing", "extra", "different", "found")
ROWS_AT_ONCE = 400


def keep(apps, schema_editor):
    """What the comparison of grades has found so far becomes looks and drifts."""
    looks = apps.get_model("permissions", "Reconciliation").objects
    drifts = apps.get_model("permissions", "Drift").objects
    Look, Drift = looks.model, drifts.model
    known = apps.get_model("surgery", "GradeComparison").objects.order_by("pk")
    looks.bulk_create(
        [
            Look(
                part="GRADES",
                asked_at=one.asked_at,
                started_at=one.asked_at,
                ended_at=one.ended_at,
                by_id=one.by_id,
                problem=one.problem,
                gone=one.settled,
                **{name: getattr(one, name) for name in COUNTS},
            )
            for one in known.filter(ended_at__isnull=False)
        ],
        batch_size=ROWS_AT_ONCE,
    )
    found = apps.get_model("surgery", "GradeDifference").objects.order_by("pk")
    drifts.bulk_create(
        [
            Drift(
                target="GRADE",
                kind=one.kind,
                procedure_id=one.procedure_id,
                code=one.field,
                item=one.code,
                name=one.name,
                setting="ALL",
                valid_from=NO_DAY,
                ours_status="1" if one.ours else "",
                ours_value=one.ours,
                theirs_status="1" if one.theirs else "",
                theirs_value=one.theirs,
                first_seen=one.found_at,
                last_seen=one.gone_at or one.found_at,
                closed_at=one.gone_at,
                state="GONE" if one.gone_at else "OPEN",
            )
            for one in found
        ],
        batch_size=ROWS_AT_ONCE,
    )


def leave(apps, schema_editor):
    """Down: the older comparison begins anew; its rows say nothing to older code."""
    of_grades = {"drift__target": "GRADE"}
    apps.get_model("permissions", "DriftDecision").objects.filter(**of_grades).delete()
    apps.get_model("permissions", "Drift").objects.filter(target="GRADE").delete()
    apps.get_model("permissions", "Reconciliation").objects.filter(
        part="GRADES"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("permissions", "0019_grades_compared"),
        ("surgery", "0010_rest5"),
    ]

    operations = [migrations.RunPython(keep, leave)]
