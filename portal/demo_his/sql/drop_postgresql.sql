DROP FUNCTION IF EXISTS yw_priv_save, yw_doctor_op_save, yw_opgrade_save;
DROP TABLE IF EXISTS 权限维护请求, yw_doctor_op_save_call, yw_opgrade_save_call, 人员手术权限, 病人手术明细, 病人手术记录, 手术人员角色, 病人手术申请, 门诊处方明细, 病人挂号记录, 病案主页, 病人信息, 手术项目目录, 药品目录, 人员执业范围, 接口故障, 权限维护日志, 人员权限,
  医生权限字典, 部门人员, 人员表, 技术职务, 部门表, 系统参数 CASCADE;
