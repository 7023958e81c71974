import django.db.models.deletion
from django.db import migrations, models


def say_as_before(apps, schema_editor):
    """Down: a line that went over to another code was taken away, in the words of before."""
    events = apps.get_model("permissions", "GrantEvent").objects
    events.filter(kind="RECODE").update(kind="REVOKE", reason_code="19")


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0004_facts'),
        ('permissions', '0011_booking_hits'),
        ('surgery', '0007_recoding'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='grantevent',
            name='permissions_event_changes',
        ),
        migrations.AddField(
            model_name='grant',
            name='first_due',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='grantevent',
            name='kind',
            field=models.CharField(choices=[('GRANT', '新增'), ('SUSPEND', '暂停'), ('RESTORE', '恢复'), ('REVOKE', '取消'), ('VOID', '作废'), ('RENEW', '续期'), ('DOWNGRADE', '降级'), ('RECODE', '编码调整')], max_length=9),
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('first_due__isnull', False)), fields=['first_due'], name='permissions_grant_carried'),
        ),
        migrations.AddIndex(
            model_name='grantevent',
            index=models.Index(condition=models.Q(('kind__in', ('SUSPEND', 'RESTORE', 'REVOKE', 'VOID', 'RENEW', 'DOWNGRADE', 'RECODE'))), fields=['grant', 'effective_at', 'id'], name='permissions_event_changes'),
        ),
        migrations.CreateModel(
            name='RecodedGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_opened', models.BooleanField(default=True)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='recoded', to='permissions.grantevent')),
                ('into', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='recoded_from', to='permissions.grant')),
                ('recoding', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='grants', to='surgery.recoding')),
                ('state', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='recodings', to='permissions.grantstate')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('recoding', 'state', 'into'), name='permissions_recodedgrant_once')],
            },
        ),
        migrations.RunPython(migrations.RunPython.noop, say_as_before),
    ]
