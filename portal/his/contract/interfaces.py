"""The interfaces in force: three views and one maintenance function (T02–T05)."""

from __future__ import annotations

from portal.his.contract import codes
from portal.his.contract.shape import Column, Function, Type, View

T = Type.TEXT

V_YW_DOCTOR = View(
    name="V_YW_DOCTOR",
    title="医生字典查询",
    key=("emp_no",),
    watermark="last_modified",
    columns=(
        Column("emp_no", "工号", T, 20, nullable=False),
        Column("his_emp_id", "HIS 内部人员ID", T, 32, nullable=False),
        Column("name", "姓名", T, 50, nullable=False),
        Column("py", "拼音码", T, 20),
        Column(
            "sex",
            "性别",
            T,
            1,
            codes={"0": "未知", "1": "男", "2": "女", "9": "未说明"},
        ),
        Column("dept_code", "科室编码", T, 20, nullable=False),
        Column("dept_name", "科室名称", T, 50, nullable=False),
        Column("title_code", "专业技术职务代码", T, 3, codes=codes.TITLES),
        Column("post", "管理职务", T, 20),
        Column("prac_cert_no", "医师执业证书编号", T, 50),
        Column("prac_valid_to", "执业注册有效期", Type.DATE),
        Column("status", "状态", T, 2, nullable=False, codes=codes.PRACTITIONER_STATUS),
        Column("last_modified", "最后修改时间", Type.MOMENT, nullable=False),
    ),
)

V_YW_PRIV_DICT = View(
    name="V_YW_PRIV_DICT",
    title="医生权限字典",
    key=("priv_code",),
    watermark="last_modified",
    columns=(
        Column("priv_code", "权限编码", T, 20, nullable=False),
        Column("name", "名称", T, 100, nullable=False),
        Column("category", "类别", T, 10, nullable=False),
        Column(
            "value_kind", "取值方式", T, 10, nullable=False, codes=codes.VALUE_KINDS
        ),
        Column("level", "级别", T, 10),
        Column("enabled", "启用", T, 1, nullable=False, codes=codes.YES_NO),
        Column("last_modified", "最后修改时间", Type.MOMENT, nullable=False),
    ),
)

V_YW_DOCTOR_PRIV = View(
    name="V_YW_DOCTOR_PRIV",
    title="医生权限查询",
    key=("emp_no", "priv_code", "setting", "item_code", "valid_from"),
    watermark="last_modified",
    columns=(
        Column("emp_no", "工号", T, 20, nullable=False),
        Column("priv_code", "权限编码", T, 20, nullable=False),
        Column("setting", "场合", T, 4, nullable=False, codes=codes.SETTINGS),
        Column("item_code", "项目编码", T, 32, nullable=False, note="无项目时为空串"),
        Column("his_value", "HIS 取值", T, 20),
        Column("valid_from", "生效日期", Type.DATE, nullable=False),
        Column("valid_to", "到期日期", Type.DATE, note="含当日；空为长期"),
        Column("status", "状态", T, 1, nullable=False, codes=codes.LINE_STATUS),
        Column("last_operator", "最后操作人", T, 20),
        Column("last_modified", "最后修改时间", Type.MOMENT, nullable=False),
    ),
)

YW_PRIV_SAVE = Function(
    name="YW_PRIV_SAVE",
    title="医生权限维护",
    arguments=(
        Column("request_id", "请求号", T, 36, nullable=False, note="重复返回首次结果"),
        Column("op", "操作", T, 10, nullable=False, codes=codes.OPERATIONS),
        Column("emp_no", "工号", T, 20, nullable=False),
        Column("priv_code", "权限编码", T, 20, nullable=False),
        Column("setting", "场合", T, 4, nullable=False, codes=codes.SETTINGS),
        Column("item_code", "项目编码", T, 32, nullable=False),
        Column("his_value", "HIS 取值", T, 20),
        Column("valid_from", "生效日期", Type.DATE, nullable=False),
        Column("valid_to", "到期日期", Type.DATE, note="含当日；空为长期"),
        Column("reason", "原因", T, 200),
        Column("doc_no", "文号", T, 50),
        Column("operator", "操作人工号", T, 20, nullable=False),
    ),
    results=(
        Column("code", "结果码", T, 4, nullable=False, codes=codes.ERROR_CODES),
        Column("message", "结果说明", T, 200),
        Column("his_row_id", "HIS 行号", T, 32),
    ),
)

VIEWS = (V_YW_DOCTOR, V_YW_PRIV_DICT, V_YW_DOCTOR_PRIV)
FUNCTIONS = (YW_PRIV_SAVE,)
