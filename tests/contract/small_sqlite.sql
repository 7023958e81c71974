-- The smallest HIS that keeps the contract on SQLite.
CREATE TABLE person (emp_no TEXT PRIMARY KEY, his_emp_id TEXT, name TEXT, py TEXT, sex TEXT, dept_code TEXT, dept_name TEXT, title_code TEXT, post TEXT, prac_cert_no TEXT, prac_valid_to TEXT, status TEXT, last_modified TEXT, mobile TEXT);
CREATE VIEW V_YW_DOCTOR AS SELECT * FROM person;
CREATE TABLE privilege (priv_code TEXT PRIMARY KEY, name TEXT, category TEXT, value_kind TEXT, priv_level TEXT, enabled TEXT, last_modified TEXT);
CREATE VIEW V_YW_PRIV_DICT AS SELECT * FROM privilege;
CREATE TABLE line (id INTEGER PRIMARY KEY, emp_no TEXT, priv_code TEXT, setting TEXT, item_code TEXT, his_value TEXT, valid_from TEXT, valid_to TEXT, status TEXT, last_operator TEXT, last_modified TEXT, UNIQUE (emp_no, priv_code, setting, item_code, valid_from));
CREATE VIEW V_YW_DOCTOR_PRIV AS SELECT * FROM line;
CREATE TABLE YW_PRIV_SAVE (request_id TEXT PRIMARY KEY, op TEXT, emp_no TEXT, priv_code TEXT, setting TEXT, item_code TEXT, his_value TEXT, valid_from TEXT, valid_to TEXT, reason TEXT, doc_no TEXT, operator TEXT, code TEXT, message TEXT, his_row_id TEXT);
CREATE TABLE log (request_id TEXT, code TEXT);
CREATE TRIGGER save AFTER INSERT ON YW_PRIV_SAVE BEGIN
  SELECT RAISE(ABORT, 'broken for 王建国') WHERE NEW.reason = 'raise';
  INSERT INTO line (emp_no, priv_code, setting, item_code, his_value, valid_from, valid_to, status, last_operator, last_modified)
    SELECT NEW.emp_no, NEW.priv_code, NEW.setting, NEW.item_code, NEW.his_value, NEW.valid_from, NEW.valid_to,
      CASE NEW.op WHEN 'SUSPEND' THEN '2' WHEN 'REVOKE' THEN '3' WHEN 'VOID' THEN '4' ELSE '1' END, NEW.operator, datetime('now')
    FROM person WHERE emp_no = NEW.emp_no
    ON CONFLICT DO UPDATE SET his_value = excluded.his_value, valid_to = excluded.valid_to, status = excluded.status, last_operator = excluded.last_operator;
  UPDATE YW_PRIV_SAVE SET
    code = CASE WHEN EXISTS (SELECT 1 FROM person WHERE emp_no = NEW.emp_no) THEN '0' ELSE '2001' END,
    message = CASE WHEN EXISTS (SELECT 1 FROM person WHERE emp_no = NEW.emp_no) THEN '成功' ELSE '医生不存在' END,
    his_row_id = (SELECT id FROM line l WHERE l.emp_no = NEW.emp_no AND l.priv_code = NEW.priv_code AND l.setting = NEW.setting AND l.item_code = NEW.item_code AND l.valid_from = NEW.valid_from)
    WHERE request_id = NEW.request_id;
  INSERT INTO log SELECT request_id, code FROM YW_PRIV_SAVE WHERE request_id = NEW.request_id;
END;
INSERT INTO person VALUES ('001027', '5027', '王建国', 'WJG', '1', '0401', '普外科', '233', NULL, '110441900001027', '2028-06-30', '01', '2026-11-01 08:30:00', '13900000000');
INSERT INTO privilege VALUES ('RX01', '处方权', 'RX', 'FLAG', '', '1', '2026-11-01 08:30:00');
