"""PostgreSQL itself forbids two lines of the same right at the same time.

Everything that must be equal is one text; what may be "all" (setting, campus, side) is
a range, so that "all" meets each. Ranges of text need a type of their own; no extension.
Elsewhere the locked check of ``permissions.services.lines`` stands alone.
"""

from django.db import migrations

TABLE = "permissions_grantstate"
NAME = "permissions_grantstate_no_overlap"
FORBID = f"""
CREATE TYPE permissions_text_range AS RANGE (subtype = text, collation = "C");
ALTER TABLE {TABLE} ADD CONSTRAINT {NAME} EXCLUDE USING gist (
  permissions_text_range(
    practitioner_id::text || '|' || privilege_id::text || '|' || item_kind || '|'
      || role || '|' || visit_no || '|' || item_code,
    practitioner_id::text || '|' || privilege_id::text || '|' || item_kind || '|'
      || role || '|' || visit_no || '|' || item_code,
    '[]') WITH &&,
  (CASE setting
    WHEN 'OUTP' THEN int4range(1, 2) WHEN 'EMER' THEN int4range(2, 3)
    WHEN 'INP' THEN int4range(3, 4) WHEN 'OR' THEN int4range(4, 5)
    ELSE int4range(NULL, NULL) END) WITH &&,
  (CASE campus
    WHEN '' THEN permissions_text_range(NULL, NULL)
    ELSE permissions_text_range(campus, campus, '[]') END) WITH &&,
  (CASE side
    WHEN 'LEFT' THEN int4range(1, 2) WHEN 'RIGHT' THEN int4range(2, 3)
    WHEN 'UNILATERAL' THEN int4range(1, 3) WHEN 'BILATERAL' THEN int4range(3, 4)
    ELSE int4range(NULL, NULL) END) WITH &&,
  tstzrange(valid_from, GREATEST(valid_from,
    LEAST(valid_to, ended_at, 'infinity'::timestamptz))) WITH &&
) WHERE (status <> 'VOID');
"""
ALLOW = f"""
ALTER TABLE {TABLE} DROP CONSTRAINT {NAME};
DROP TYPE permissions_text_range;
"""


def forbid(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FORBID, None)


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ALLOW, None)


class Migration(migrations.Migration):

    dependencies = [("permissions", "0003_ledger")]

    operations = [migrations.RunPython(forbid, allow)]
