"""The large ledger made ready for 权限维护: people, departments, words, arrivals.

``ledger_rows`` makes the lines; a list also shows names, grades, numbers of documents
and how far each line's last change has come. One message in a thousand is still open.
"""

from __future__ import annotations

import psycopg

DEPARTMENTS = 40
# Syllables of names, so that sorting by pinyin has something to sort.
WORDS = """
INSERT INTO directory_department (code, name, initials, subject_code, kind,
    parent_code, is_enabled, row_hash, first_seen_at, changed_at)
  SELECT '1' || to_char(n, 'FM000'), '第' || n || '临床科室', '', '', '', '', true, '',
    now(), now()
  FROM generate_series(1, {departments}) AS n;
UPDATE directory_practitioner AS person SET
    name = (ARRAY['陈','林','王','赵','李','周','吴','沈'])[1 + id % 8]
      || (ARRAY['景','若','晓','云','嘉','书'])[1 + id % 6]
      || (ARRAY['行','川','岚','舒','树','屏','宁'])[1 + id % 7],
    pinyin = (ARRAY['chen','lin','wang','zhao','li','zhou','wu','shen'])[1 + id % 8]
      || ' ' || (ARRAY['jing','ruo','xiao','yun','jia','shu'])[1 + id % 6]
      || ' ' || (ARRAY['xing','chuan','lan','shu','shu','ping','ning'])[1 + id % 7],
    initials = (ARRAY['c','l','w','z','l','z','w','s'])[1 + id % 8]
      || (ARRAY['j','r','x','y','j','s'])[1 + id % 6]
      || (ARRAY['x','c','l','s','s','p','n'])[1 + id % 7],
    title_code = (ARRAY['231','232','233','234'])[1 + id % 4],
    department_id = (SELECT min(id) FROM directory_department WHERE code > '1')
      + abs(hashint8(id)::bigint) % {departments}
  WHERE id > 0;
UPDATE permissions_grant AS line SET
    item_name = '腹腔镜下第' || item_code || '式手术',
    item_grade = 1 + abs(hashint8(id)::bigint) % 4,
    doc_no = '〔' || extract(year FROM valid_from) || '〕' || 1 + id % 99 || '号'
  WHERE id > 0;
UPDATE permissions_grantstate SET
    role = (ARRAY['ORDER', 'OPERATE', 'OPERATE', 'OPERATE_SUPERVISED', 'ASSIST'])
      [1 + id % 5],
    kind = (ARRAY['FIRST', 'FIRST', 'RENEWAL', 'DIRECT', 'TEMPORARY'])[1 + (id / 7) % 5]
  WHERE id > 0;
INSERT INTO outbox_message (request_id, kind, target, schema_version, stream, subject, payload,
    takes_away, state, is_open, not_before, enqueued_at, tries, rereads, last_code, last_text,
    delivered_at, confirmed_at, due_at)
  SELECT gen_random_uuid(), 'PRIV_SAVE', 'his', 2, 'practitioner:' || practitioner_id,
    'permissions.grantevent:' || last_event_id, '{{}}', false,
    CASE WHEN id % 1000 = 0 THEN 'WAITING' ELSE 'CONFIRMED' END, id % 1000 = 0, changed_from,
    changed_from, 1, 0, '', '', changed_from,
    CASE WHEN id % 1000 > 0 THEN changed_from + interval '2 seconds' END,
    CASE WHEN id % 1000 = 0 THEN now() END
  FROM permissions_grantstate ORDER BY last_event_id;
"""


def dress(url: str) -> None:
    """Fill in what only the list shows, and analyze."""
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("SET synchronous_commit = off")
        link.execute(WORDS.format(departments=DEPARTMENTS).encode())
        link.execute("VACUUM ANALYZE")
