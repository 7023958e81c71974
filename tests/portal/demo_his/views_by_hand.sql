-- The standard views of the interface contract, over the vendor's tables.
CREATE VIEW V_YW_DOCTOR AS
SELECT p.编号 AS emp_no, CAST(p.ID AS VARCHAR(32)) AS his_emp_id, p.姓名 AS name, p.简码 AS py,
  CASE p.性别 WHEN '男' THEN '1' WHEN '女' THEN '2' ELSE '0' END AS sex,
  d.编码 AS dept_code, d.名称 AS dept_name, t.国标码 AS title_code, p.管理职务 AS post,
  p.执业证号 AS prac_cert_no, p.执业有效期 AS prac_valid_to, p.人员状态 AS status,
  p.最后修改时间 AS last_modified
FROM 人员表 p
JOIN 部门人员 m ON m.人员ID = p.ID AND m.缺省 = 1
JOIN 部门表 d ON d.ID = m.部门ID
LEFT JOIN 技术职务 t ON t.编码 = p.聘任技术职务;

CREATE VIEW V_YW_PRIV_DICT AS
SELECT 编码 AS priv_code, 名称 AS name, 类别 AS category, 取值方式 AS value_kind, 级别 AS priv_level,
  CASE 是否启用 WHEN 1 THEN '1' ELSE '0' END AS enabled, 最后修改时间 AS last_modified
FROM 医生权限字典;

CREATE VIEW V_YW_DOCTOR_PRIV AS
SELECT p.编号 AS emp_no, r.权限编码 AS priv_code, r.场合 AS setting, r.项目编码 AS item_code,
  r.权限值 AS his_value, r.开始日期 AS valid_from, r.终止日期 AS valid_to,
  CAST(r.记录状态 AS VARCHAR(1)) AS status, r.操作人员 AS last_operator, r.操作时间 AS last_modified
FROM 人员权限 r
JOIN 人员表 p ON p.ID = r.人员ID;

CREATE VIEW V_YW_DOCTOR_OP AS
SELECT p.编号 AS emp_no, CAST(w.诊疗项目ID AS VARCHAR(32)) AS his_item_id, CAST(w.记录性质 AS VARCHAR(1)) AS right_kind,
  CAST(NULL AS VARCHAR(1)) AS grade, w.场合 AS setting, w.开始日期 AS valid_from, w.终止日期 AS valid_to,
  CAST(w.记录状态 AS VARCHAR(1)) AS status, w.操作人员 AS last_operator, w.操作时间 AS last_modified,
  w.批次号 AS batch_key
FROM 人员手术权限 w
JOIN 人员表 p ON p.ID = w.人员ID;

CREATE VIEW V_YW_CHANGE_LOG AS
SELECT 序号 AS seq, 请求号 AS request_id, 对象 AS target, 操作 AS op, 工号 AS emp_no, 权限编码 AS priv_code, 场合 AS setting,
  项目编码 AS item_code, 原状态 AS before_status, 新状态 AS after_status, 操作人员 AS operator, 操作时间 AS changed_at
FROM 权限维护日志;
