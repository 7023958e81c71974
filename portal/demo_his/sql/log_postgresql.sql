-- Where a generated function writes its log: into the vendor's own.
CREATE VIEW YW_CHANGE_LOG AS
SELECT 请求号 AS request_id, 对象 AS target, 操作 AS op, 工号 AS emp_no, 权限编码 AS priv_code, 场合 AS setting,
  项目编码 AS item_code, 原状态 AS before_status, 新状态 AS after_status, 操作人员 AS operator, 操作时间 AS changed_at,
  原因 AS reason, 文号 AS doc_no
FROM 权限维护日志;
