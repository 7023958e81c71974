-- YW_PRIV_SAVE on SQLite: an inbox table. Put a row in; the triggers judge it, act on it
-- and write the answer into the same row. The primary key makes a repeat harmless.
CREATE TABLE YW_PRIV_SAVE (
  request_id VARCHAR(36) NOT NULL PRIMARY KEY,
  op VARCHAR(10), emp_no VARCHAR(20), priv_code VARCHAR(20), setting VARCHAR(4), item_code VARCHAR(32),
  his_value VARCHAR(20), valid_from DATE, valid_to DATE, reason VARCHAR(200), doc_no VARCHAR(50), operator VARCHAR(20),
  code VARCHAR(4), message VARCHAR(200), his_row_id VARCHAR(32),
  repeats INTEGER NOT NULL DEFAULT 0,
  received_at TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%S', 'now', '+8 hours'))
);

CREATE TRIGGER YW_PRIV_SAVE_REPEAT BEFORE INSERT ON YW_PRIV_SAVE BEGIN
  UPDATE YW_PRIV_SAVE SET repeats = repeats + 1 WHERE request_id = NEW.request_id;
END;

-- Taking a right away must always work: what only matters for giving is asked of giving.
CREATE TRIGGER YW_PRIV_SAVE_JUDGE AFTER INSERT ON YW_PRIV_SAVE BEGIN
  UPDATE YW_PRIV_SAVE SET code = (
    SELECT CASE
      WHEN fault.启用 = 1 THEN fault.结果码
      WHEN NEW.op NOT IN ('ADD', 'UPDATE', 'SUSPEND', 'RESTORE', 'REVOKE', 'VOID') OR NEW.op IS NULL THEN '2005'
      WHEN person.ID IS NULL THEN '2001'
      WHEN gives AND person.人员状态 IN ('06', '99') THEN '2002'
      WHEN privilege.编码 IS NULL OR (gives AND privilege.是否启用 <> 1) THEN '2003'
      WHEN gives AND privilege.取值方式 = 'ITEM' AND NOT EXISTS (
        SELECT 1 FROM 手术项目目录 WHERE 编码 = NEW.item_code AND 是否停用 = 0) THEN '2004'
      WHEN gives AND privilege.取值方式 <> 'ITEM' AND NEW.item_code IS NOT '' THEN '2004'
      WHEN NEW.setting NOT IN ('ALL', 'OUTP', 'EMER', 'INP', 'OR') OR NEW.setting IS NULL
        OR date(NEW.valid_from) IS NULL OR NEW.valid_to < NEW.valid_from THEN '2005'
      WHEN gives AND (coalesce(instr(privilege.允许值, ',' || NEW.his_value || ','), 0) = 0 OR instr(NEW.his_value, ',') > 0)
        THEN '2005'
      WHEN NEW.op <> 'ADD' AND line.ID IS NULL THEN '9999'
      WHEN NEW.op = 'ADD' AND EXISTS (
        SELECT 1 FROM 人员权限 WHERE 人员ID = person.ID AND 权限编码 = NEW.priv_code AND 场合 = NEW.setting
          AND 项目编码 = NEW.item_code AND 开始日期 <> NEW.valid_from AND 记录状态 IN (1, 2)
          AND (终止日期 IS NULL OR 终止日期 >= NEW.valid_from)
          AND (NEW.valid_to IS NULL OR 开始日期 <= NEW.valid_to)) THEN '2006'
      ELSE '0' END
    FROM (SELECT NEW.op IN ('ADD', 'UPDATE', 'RESTORE') AS gives)
    LEFT JOIN 接口故障 fault ON fault.名称 = 'refuse'
    LEFT JOIN 人员表 person ON person.编号 = NEW.emp_no
    LEFT JOIN 医生权限字典 privilege ON privilege.编码 = NEW.priv_code
    LEFT JOIN 人员权限 line ON line.人员ID = person.ID AND line.权限编码 = NEW.priv_code AND line.场合 = NEW.setting
      AND line.项目编码 = NEW.item_code AND line.开始日期 = NEW.valid_from)
  WHERE request_id = NEW.request_id;
END;

CREATE TRIGGER YW_PRIV_SAVE_REFUSE AFTER UPDATE OF code ON YW_PRIV_SAVE WHEN NEW.code <> '0' BEGIN
  UPDATE YW_PRIV_SAVE SET message = coalesce(
      (SELECT 结果说明 FROM 接口故障 WHERE 名称 = 'refuse' AND 启用 = 1),
      CASE NEW.code
        WHEN '2001' THEN '医生不存在：' || coalesce(NEW.emp_no, '')
        WHEN '2002' THEN '医生已停用：' || NEW.emp_no
        WHEN '2003' THEN '权限不存在或已停用：' || coalesce(NEW.priv_code, '')
        WHEN '2004' THEN '项目不存在：' || coalesce(NEW.item_code, '')
        WHEN '2005' THEN '取值不允许'
        WHEN '2006' THEN '与已有记录重叠'
        ELSE '没有这条权限记录，不能' || CASE NEW.op WHEN 'UPDATE' THEN '修改' WHEN 'SUSPEND' THEN '暂停'
          WHEN 'RESTORE' THEN '恢复' WHEN 'REVOKE' THEN '取消' ELSE '作废' END
      END)
  WHERE request_id = NEW.request_id;
END;

CREATE TRIGGER YW_PRIV_SAVE_ACT AFTER UPDATE OF code ON YW_PRIV_SAVE WHEN NEW.code = '0' BEGIN
  INSERT INTO 权限维护日志 (请求号, 操作, 工号, 权限编码, 场合, 项目编码, 原状态, 新状态, 操作人员, 操作时间)
    SELECT NEW.request_id, NEW.op, NEW.emp_no, NEW.priv_code, NEW.setting, NEW.item_code,
      coalesce((SELECT status FROM V_YW_DOCTOR_PRIV WHERE emp_no = NEW.emp_no AND priv_code = NEW.priv_code
        AND setting = NEW.setting AND item_code = NEW.item_code AND valid_from = NEW.valid_from), ''),
      CASE NEW.op WHEN 'SUSPEND' THEN '2' WHEN 'REVOKE' THEN '3' WHEN 'VOID' THEN '4' ELSE '1' END,
      NEW.operator, strftime('%Y-%m-%d %H:%M:%S', 'now', '+8 hours');
  INSERT INTO 人员权限 (人员ID, 权限编码, 场合, 项目编码, 权限值, 开始日期, 终止日期, 记录状态, 原因, 文号, 操作人员, 操作时间)
    SELECT ID, NEW.priv_code, NEW.setting, NEW.item_code, NEW.his_value, NEW.valid_from, NEW.valid_to, 1,
      NEW.reason, NEW.doc_no, NEW.operator, strftime('%Y-%m-%d %H:%M:%S', 'now', '+8 hours')
    FROM 人员表 WHERE 编号 = NEW.emp_no AND NEW.op IN ('ADD', 'UPDATE')
    ON CONFLICT (人员ID, 权限编码, 场合, 项目编码, 开始日期) DO UPDATE SET 权限值 = excluded.权限值, 终止日期 = excluded.终止日期,
      记录状态 = 1, 原因 = excluded.原因, 文号 = excluded.文号, 操作人员 = excluded.操作人员, 操作时间 = excluded.操作时间;
  UPDATE 人员权限 SET
      记录状态 = CASE NEW.op WHEN 'SUSPEND' THEN 2 WHEN 'REVOKE' THEN 3 WHEN 'VOID' THEN 4 ELSE 1 END,
      终止日期 = CASE NEW.op WHEN 'REVOKE' THEN NEW.valid_to ELSE 终止日期 END,
      原因 = NEW.reason, 文号 = NEW.doc_no, 操作人员 = NEW.operator,
      操作时间 = strftime('%Y-%m-%d %H:%M:%S', 'now', '+8 hours')
    WHERE NEW.op NOT IN ('ADD', 'UPDATE') AND 人员ID = (SELECT ID FROM 人员表 WHERE 编号 = NEW.emp_no)
      AND 权限编码 = NEW.priv_code AND 场合 = NEW.setting AND 项目编码 = NEW.item_code AND 开始日期 = NEW.valid_from;
  UPDATE YW_PRIV_SAVE SET message = '成功', his_row_id = (
      SELECT CAST(ID AS VARCHAR(32)) FROM 人员权限 WHERE 人员ID = (SELECT ID FROM 人员表 WHERE 编号 = NEW.emp_no)
        AND 权限编码 = NEW.priv_code AND 场合 = NEW.setting AND 项目编码 = NEW.item_code AND 开始日期 = NEW.valid_from)
  WHERE request_id = NEW.request_id;
END;
