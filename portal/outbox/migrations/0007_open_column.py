from django.db import migrations, models

import portal.outbox.models

OPEN = ("WAITING", "SENDING", "DELIVERED", "REJECTED", "UNKNOWN")
# Room on each page for the row as its claim leaves it, beside the row as it was.
WITH_ROOM = "ALTER TABLE outbox_message SET (fillfactor = 50)"
WITHOUT = "ALTER TABLE outbox_message RESET (fillfactor)"


def open_the_few(apps, schema_editor):
    """Nearly all messages are final: the column begins as false, which writes no row."""
    messages = apps.get_model("outbox", "Message").objects
    messages.filter(state__in=OPEN).update(is_open=True)
    # None of our acts leaves such a row; one changed by hand would stop the upgrade.
    messages.exclude(state="CONFIRMED").exclude(confirmed_at=None).update(
        confirmed_at=None
    )


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(WITH_ROOM, None)


def leave_none(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(WITHOUT, None)


class Migration(migrations.Migration):

    dependencies = [
        ("outbox", "0006_archived_state"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="message",
            name="outbox_message_confirmed_has_time",
        ),
        migrations.RemoveIndex(
            model_name="message",
            name="outbox_message_unproven",
        ),
        migrations.RemoveIndex(
            model_name="message",
            name="outbox_message_open",
        ),
        migrations.AddField(
            model_name="message",
            name="is_open",
            field=portal.outbox.models.OpenField(default=False, editable=False),
        ),
        migrations.RunPython(open_the_few, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="message",
            name="is_open",
            field=portal.outbox.models.OpenField(default=True, editable=False),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("is_open", True)),
                fields=["target", "stream", "id"],
                name="outbox_message_open",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("confirmed_at__isnull", True)),
                fields=["subject"],
                name="outbox_message_unproven",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", False), ("state", "CONFIRMED")),
                    models.Q(
                        models.Q(("state", "CONFIRMED"), _negated=True),
                        ("confirmed_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="outbox_message_confirmed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_open", True), ("state__in", OPEN)),
                    models.Q(
                        models.Q(("state__in", OPEN), _negated=True),
                        ("is_open", False),
                    ),
                    _connector="OR",
                ),
                name="outbox_message_open_by_its_state",
            ),
        ),
        migrations.RunPython(leave_room, leave_none),
    ]
