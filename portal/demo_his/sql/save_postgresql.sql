-- YW_PRIV_SAVE on PostgreSQL: one call, one row of answer, one transaction.
CREATE TABLE 权限维护请求 (
  请求号 VARCHAR(36) NOT NULL PRIMARY KEY,
  操作 VARCHAR(10), 工号 VARCHAR(20), 权限编码 VARCHAR(20),
  结果码 VARCHAR(4), 结果说明 VARCHAR(200), HIS行号 VARCHAR(32),
  重复次数 INTEGER NOT NULL DEFAULT 0,
  接收时间 TIMESTAMP(0) NOT NULL
);

-- Names of columns are Chinese, names of arguments are the contract's: they cannot meet.
CREATE FUNCTION yw_priv_save(
  request_id VARCHAR, op VARCHAR, emp_no VARCHAR, priv_code VARCHAR, setting VARCHAR, item_code VARCHAR,
  his_value VARCHAR, valid_from DATE, valid_to DATE, reason VARCHAR, doc_no VARCHAR, operator VARCHAR)
RETURNS TABLE (code VARCHAR, message VARCHAR, his_row_id VARCHAR)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  moment TIMESTAMP := date_trunc('second', clock_timestamp() AT TIME ZONE 'Asia/Shanghai');
  gives BOOLEAN := op IN ('ADD', 'UPDATE', 'RESTORE');
  after_status INTEGER := CASE op WHEN 'SUSPEND' THEN 2 WHEN 'REVOKE' THEN 3 WHEN 'VOID' THEN 4 ELSE 1 END;
  fault 接口故障;
  person 人员表;
  privilege 医生权限字典;
  line 人员权限;
BEGIN
  -- A second call with the same number waits here for the first, and gets its answer.
  INSERT INTO 权限维护请求 (请求号, 操作, 工号, 权限编码, 接收时间)
    VALUES (request_id, op, emp_no, priv_code, moment) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN QUERY UPDATE 权限维护请求 SET 重复次数 = 重复次数 + 1 WHERE 请求号 = request_id
      RETURNING 结果码, 结果说明, HIS行号;
    RETURN;
  END IF;
  -- Two calls about one doctor follow one another, so that overlap is always seen.
  PERFORM pg_advisory_xact_lock(hashtext('yw_priv_save'), hashtext(emp_no));
  SELECT * INTO fault FROM 接口故障 WHERE 名称 = 'refuse' AND 启用 = 1;
  SELECT * INTO person FROM 人员表 WHERE 编号 = emp_no;
  SELECT * INTO privilege FROM 医生权限字典 WHERE 编码 = priv_code;
  SELECT * INTO line FROM 人员权限 WHERE 人员ID = person.ID AND 权限编码 = priv_code AND 场合 = setting
    AND 项目编码 = item_code AND 开始日期 = valid_from;

  -- Taking a right away must always work: what only matters for giving is asked of giving.
  code := CASE
    WHEN fault.名称 IS NOT NULL THEN fault.结果码
    WHEN op NOT IN ('ADD', 'UPDATE', 'SUSPEND', 'RESTORE', 'REVOKE', 'VOID') OR op IS NULL THEN '2005'
    WHEN person.ID IS NULL THEN '2001'
    WHEN gives AND person.人员状态 IN ('06', '99') THEN '2002'
    WHEN privilege.编码 IS NULL OR (gives AND privilege.是否启用 <> 1) THEN '2003'
    WHEN gives AND privilege.取值方式 = 'ITEM' AND NOT EXISTS (
      SELECT 1 FROM 手术项目目录 WHERE 编码 = item_code AND 是否停用 = 0) THEN '2004'
    WHEN gives AND privilege.取值方式 <> 'ITEM' AND item_code IS DISTINCT FROM '' THEN '2004'
    WHEN setting NOT IN ('ALL', 'OUTP', 'EMER', 'INP', 'OR') OR setting IS NULL
      OR valid_from IS NULL OR valid_to < valid_from THEN '2005'
    WHEN gives AND (coalesce(position(',' || his_value || ',' IN privilege.允许值), 0) = 0 OR position(',' IN his_value) > 0)
      THEN '2005'
    WHEN op <> 'ADD' AND line.ID IS NULL THEN '9999'
    WHEN op = 'ADD' AND EXISTS (
      SELECT 1 FROM 人员权限 WHERE 人员ID = person.ID AND 权限编码 = priv_code AND 场合 = setting
        AND 项目编码 = item_code AND 开始日期 <> valid_from AND 记录状态 IN (1, 2)
        AND (终止日期 IS NULL OR 终止日期 >= valid_from) AND (valid_to IS NULL OR 开始日期 <= valid_to)) THEN '2006'
    ELSE '0' END;
  message := coalesce(fault.结果说明, CASE code
    WHEN '0' THEN '成功'
    WHEN '2001' THEN '医生不存在：' || coalesce(emp_no, '')
    WHEN '2002' THEN '医生已停用：' || emp_no
    WHEN '2003' THEN '权限不存在或已停用：' || coalesce(priv_code, '')
    WHEN '2004' THEN '项目不存在：' || coalesce(item_code, '')
    WHEN '2005' THEN '取值不允许'
    WHEN '2006' THEN '与已有记录重叠'
    ELSE '没有这条权限记录，不能' || CASE op WHEN 'UPDATE' THEN '修改' WHEN 'SUSPEND' THEN '暂停'
      WHEN 'RESTORE' THEN '恢复' WHEN 'REVOKE' THEN '取消' ELSE '作废' END
    END);

  IF code = '0' THEN
    INSERT INTO 权限维护日志 (请求号, 操作, 工号, 权限编码, 场合, 项目编码, 原状态, 新状态, 操作人员, 操作时间)
      VALUES (request_id, op, emp_no, priv_code, setting, item_code, coalesce(line.记录状态::VARCHAR, ''),
        after_status::VARCHAR, operator, moment);
    IF line.ID IS NULL THEN
      INSERT INTO 人员权限 (人员ID, 权限编码, 场合, 项目编码, 权限值, 开始日期, 终止日期, 记录状态, 原因, 文号, 操作人员, 操作时间)
        VALUES (person.ID, priv_code, setting, item_code, his_value, valid_from, valid_to, 1,
          reason, doc_no, operator, moment)
        RETURNING * INTO line;
    ELSE
      UPDATE 人员权限 SET
          记录状态 = after_status,
          权限值 = CASE WHEN op IN ('ADD', 'UPDATE') THEN his_value ELSE 权限值 END,
          终止日期 = CASE WHEN op IN ('ADD', 'UPDATE', 'REVOKE') THEN valid_to ELSE 终止日期 END,
          原因 = reason, 文号 = doc_no, 操作人员 = operator, 操作时间 = moment
        WHERE ID = line.ID;
    END IF;
    his_row_id := line.ID::VARCHAR;
  END IF;
  UPDATE 权限维护请求 SET 结果码 = code, 结果说明 = message, HIS行号 = his_row_id WHERE 请求号 = request_id;
  RETURN NEXT;
END $$;

REVOKE ALL ON FUNCTION yw_priv_save FROM PUBLIC;
