-- Where a generated function writes its log: into the vendor's own.
CREATE VIEW YW_CHANGE_LOG AS
SELECT 请求号 AS request_id, 对象 AS target, 操作 AS op, 工号 AS emp_no, 权限编码 AS priv_code, 场合 AS setting,
  项目编码 AS item_code, 原状态 AS before_status, 新状态 AS after_status, 操作人员 AS operator, 操作时间 AS changed_at,
  原因 AS reason, 文号 AS doc_no
FROM 权限维护日志;

CREATE TRIGGER YW_CHANGE_LOG_PASS INSTEAD OF INSERT ON YW_CHANGE_LOG BEGIN
  INSERT INTO 权限维护日志 (请求号, 对象, 操作, 工号, 权限编码, 场合, 项目编码, 原状态, 新状态, 操作人员, 操作时间, 原因, 文号)
  VALUES (NEW.request_id, NEW.target, NEW.op, NEW.emp_no, NEW.priv_code, NEW.setting, NEW.item_code,
    NEW.before_status, NEW.after_status, NEW.operator, NEW.changed_at, NEW.reason, NEW.doc_no);
END;
