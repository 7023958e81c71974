-- Every call of the maintenance functions; {PRIV_TABLE} and the others are where each is written down.
CREATE VIEW V_YW_CALL_LOG AS
SELECT {PRIV}, 'YW_PRIV_SAVE' AS function_name FROM {PRIV_TABLE}
UNION ALL
SELECT request_id, op, emp_no, right_kind AS priv_code, code, message, his_row_id, repeats, received_at,
  'YW_DOCTOR_OP_SAVE' AS function_name
FROM {OP_TABLE}
UNION ALL
SELECT request_id, op, '' AS emp_no, proc_code AS priv_code, code, message, his_row_id, repeats, received_at,
  'YW_OPGRADE_SAVE' AS function_name
FROM {GRADE_TABLE};
