-- The smallest HIS that keeps the contract on PostgreSQL, with the padding of old ones.
CREATE TABLE person (emp_no char(20) PRIMARY KEY, his_emp_id varchar(32), name char(50), py varchar(20), sex char(1), dept_code varchar(20), dept_name varchar(50), title_code varchar(3), post varchar(20), prac_cert_no varchar(50), prac_valid_to date, status varchar(2), last_modified timestamp, mobile varchar(20));
CREATE VIEW v_yw_doctor AS SELECT * FROM person;
CREATE TABLE privilege (priv_code varchar(20), name varchar(100), category varchar(10), value_kind varchar(10), priv_level varchar(10), enabled varchar(1), last_modified timestamp);
CREATE VIEW v_yw_priv_dict AS SELECT * FROM privilege;
CREATE TABLE line (id serial PRIMARY KEY, emp_no char(20), priv_code varchar(20), setting varchar(4), item_code varchar(32), his_value varchar(20), valid_from date, valid_to date, status varchar(1), last_operator varchar(20), last_modified timestamp, CONSTRAINT one UNIQUE (emp_no, priv_code, setting, item_code, valid_from));
CREATE VIEW v_yw_doctor_priv AS SELECT * FROM line;
CREATE TABLE log (request_id varchar(36) PRIMARY KEY, code varchar(4), message varchar(200), his_row_id varchar(32));
CREATE FUNCTION yw_priv_save(p_request_id varchar, p_op varchar, p_emp_no varchar, p_priv_code varchar, p_setting varchar, p_item_code varchar, p_his_value varchar, p_valid_from date, p_valid_to date, p_reason varchar, p_doc_no varchar, p_operator varchar)
RETURNS TABLE (code varchar, message varchar, his_row_id varchar) LANGUAGE plpgsql AS $$
DECLARE
  v_row integer;
  v_code varchar := '0';
  v_message varchar := '成功';
BEGIN
  RETURN QUERY SELECT l.code, l.message, l.his_row_id FROM log l WHERE l.request_id = p_request_id;
  IF FOUND THEN RETURN; END IF;
  IF p_reason = 'raise' THEN RAISE EXCEPTION 'broken for 王建国'; END IF;
  IF NOT EXISTS (SELECT 1 FROM person p WHERE p.emp_no = p_emp_no) THEN
    v_code := '2001';
    v_message := '医生不存在';
  ELSE
    INSERT INTO line (emp_no, priv_code, setting, item_code, his_value, valid_from, valid_to, status, last_operator, last_modified)
    VALUES (p_emp_no, p_priv_code, p_setting, p_item_code, p_his_value, p_valid_from, p_valid_to,
      CASE p_op WHEN 'SUSPEND' THEN '2' WHEN 'REVOKE' THEN '3' WHEN 'VOID' THEN '4' ELSE '1' END, p_operator, now())
    ON CONFLICT ON CONSTRAINT one DO UPDATE SET his_value = excluded.his_value, valid_to = excluded.valid_to, status = excluded.status, last_operator = excluded.last_operator
    RETURNING id INTO v_row;
  END IF;
  INSERT INTO log VALUES (p_request_id, v_code, v_message, v_row::varchar);
  RETURN QUERY SELECT v_code, v_message, v_row::varchar;
END $$;
INSERT INTO person VALUES ('001027', '5027', '王建国', 'WJG', '1', '0401', '普外科', '233', NULL, '110441900001027', '2028-06-30', '01', '2026-11-01 08:30:00', '13900000000');
INSERT INTO privilege VALUES ('RX01', '处方权', 'RX', 'FLAG', '', '1', '2026-11-01 08:30:00');
