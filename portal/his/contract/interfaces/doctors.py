"""Doctors, their departments and rights (T02, T03, T04)."""

from __future__ import annotations

from portal.his.contract import codes
from portal.his.contract.codes import clinical, national
from portal.his.contract.columns import (
    code,
    count,
    day,
    emp_no,
    flag,
    modified,
    moment,
    must,
    personal,
    setting,
    text,
    until,
    valid_from,
    valid_to,
)
from portal.his.contract.shape import View

# The first 13 are what a HIS had to give from the first version on.
V_YW_DOCTOR = View(
    name="V_YW_DOCTOR",
    title="医生字典查询",
    rows=("T03",),
    purpose="全院医师的基本信息；本系统据此认人、定岗、停用离职人员。",
    key=("emp_no",),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(emp_no(note="保留前导零")),
        must(text("his_emp_id", "HIS 内部人员ID", 32, "5027")),
        must(personal(text("name", "姓名", 50, "陈景行"))),
        personal(text("py", "拼音码", 20, "CJX")),
        code("sex", "性别", 1, national.SEX),
        must(text("dept_code", "科室编码", 20, "0401")),
        must(text("dept_name", "科室名称", 50, "肝胆外科")),
        code("title_code", "专业技术职务代码", 3, codes.TITLES, "按聘任职务"),
        text("post", "管理职务", 20, "科主任"),
        personal(text("prac_cert_no", "医师执业证书编号", 50, "110441900001027")),
        until("prac_valid_to", "执业注册有效期", example="2028-06-30"),
        must(code("status", "状态", 2, codes.PRACTITIONER_STATUS)),
        modified(),
    ),
    further=(
        personal(text("wb", "五笔码", 20, "BJT")),
        personal(day("birth_date", "出生日期", example="1968-04-12")),
        text("id_type", "证件类型", 2, "01", "RC038"),
        personal(text("id_no", "证件号码", 18, "110101196804120017", "本系统加密保存")),
        text("ethnic", "民族", 2, "01", "GB/T 3304"),
        text("education", "学历", 20, "研究生", "GB/T 4658"),
        text("degree", "学位", 20, "医学博士", "GB/T 6864"),
        text("school", "毕业院校", 50, "某医科大学"),
        text("major", "专业", 50, "外科学"),
        personal(text("mobile", "移动电话", 20, "13800000000", "本系统加密保存")),
        personal(text("email", "邮箱", 100, "chen@hospital.example")),
        text("campus", "院区", 50, "本部"),
        code("title_level", "职称级别", 1, clinical.TITLE_LEVELS),
        day("title_qualified_date", "职称取得日期", example="2010-09-01"),
        day("title_appointed_date", "职称聘任日期", "权限随聘任职务", "2011-01-01"),
        code("person_type", "专业类别", 2, clinical.PERSON_TYPES),
        personal(
            text("qual_cert_no", "医师资格证书编号", 50, "201011044190000000000001027")
        ),
        code("prac_category", "执业类别", 1, clinical.SCOPE_CATEGORIES),
        code("prac_level", "执业级别", 1, clinical.PRACTICE_LEVELS),
        text("prac_org", "主要执业机构", 80, "本院"),
        text("prac_place", "执业地点", 80, "本市"),
        day("prac_reg_date", "执业注册日期", example="1994-07-01"),
        flag("multi_site", "多点执业"),
        text("assess_result", "定期考核结果", 20, "合格"),
        day("assess_date", "定期考核日期", "每两年一次", "2025-12-31"),
        flag("rx_flag", "处方权标志"),
        flag("narcotic_flag", "麻醉药品处方权标志"),
        flag("psych_flag", "精神药品处方权标志"),
        code("antibiotic_level", "抗菌药物级别", 1, clinical.ANTIBIOTIC_LEVELS),
        code("surgery_grade", "手术等级", 1, clinical.GRADES, "最高一级"),
        text(
            "special_order_mz", "门诊特殊医嘱权限", 10, "1100", "毒、麻、精、贵各一位"
        ),
        text(
            "special_order_zy", "住院特殊医嘱权限", 10, "1111", "毒、麻、精、贵各一位"
        ),
        personal(text("ca_serial", "CA 证书序列号", 64, "4A00001F")),
        day("hire_date", "入职日期", example="1994-07-01"),
        day("leave_date", "离职日期", example="2026-09-30"),
        until("account_expiry", "账号到期日期", example="2027-12-31"),
    ),
)

V_YW_PRIV_DICT = View(
    name="V_YW_PRIV_DICT",
    title="医生权限字典",
    rows=("T04",),
    purpose="HIS 认识的权限；本系统只推送字典中启用的权限。",
    key=("priv_code",),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(text("priv_code", "权限编码", 20, "AB02")),
        must(text("name", "名称", 100, "限制使用级抗菌药物")),
        must(text("category", "类别", 10, "AB")),
        must(code("value_kind", "取值方式", 10, codes.VALUE_KINDS)),
        text("priv_level", "级别", 10, "2", "按级别授权的权限"),
        must(code("enabled", "启用", 1, codes.YES_NO)),
        modified(),
    ),
    further=(
        text("value_min", "最小取值", 10, "1", "取值为一段时，最小的一个"),
        text("value_max", "最大取值", 10, "4", "取值为一段时，最大的一个"),
        code("setting", "适用场合", 4, codes.SETTINGS),
    ),
)

V_YW_DOCTOR_PRIV = View(
    name="V_YW_DOCTOR_PRIV",
    title="医生权限查询",
    rows=("T02",),
    purpose="医生现有与曾有的权限，每行一项；推送后回读、每夜对账都读它。",
    key=("emp_no", "priv_code", "setting", "item_code", "valid_from"),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(emp_no()),
        must(text("priv_code", "权限编码", 20, "AB02")),
        setting(),
        must(
            text("item_code", "项目编码", 32, "50.3x00", "无项目时为空串"), blank=True
        ),
        text("his_value", "HIS 取值", 20, "2"),
        valid_from(),
        valid_to(),
        must(code("status", "状态", 1, codes.LINE_STATUS)),
        emp_no("last_operator", "最后操作人"),
        modified(),
    ),
)

V_YW_DEPT = View(
    name="V_YW_DEPT",
    title="科室字典",
    purpose="科室与诊疗科目的对应。",
    key=("dept_code",),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(text("dept_code", "科室编码", 20, "0401")),
        must(text("name", "科室名称", 50, "肝胆外科")),
        text("py", "拼音码", 20, "GDWK"),
        text("subject_code", "诊疗科目代码", 10, "0401", "RC023"),
        text("kind", "科室性质", 10, "外科"),
        text("parent_code", "上级科室编码", 20, "04"),
        must(code("enabled", "启用", 1, codes.YES_NO)),
        modified(),
    ),
    further=(
        text("location", "位置", 50, "外科楼 8 层"),
        text("campus", "院区", 50, "本部"),
        count("beds", "编制床位", "45", "张"),
    ),
)

V_YW_DOCTOR_DEPT = View(
    name="V_YW_DOCTOR_DEPT",
    title="医生科室",
    purpose="医生所属、兼职和可登录的科室，每行一个科室。",
    key=("emp_no", "dept_code"),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(emp_no()),
        must(text("dept_code", "科室编码", 20, "0401")),
        must(code("dept_role", "科室关系", 1, clinical.DEPARTMENT_ROLES)),
        modified(),
    ),
)

V_YW_DOCTOR_SCOPE = View(
    name="V_YW_DOCTOR_SCOPE",
    title="医生执业范围",
    purpose="执业范围与执业机构，每行一项；多点执业另起行。",
    key=("emp_no", "scope_code", "prac_org"),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(emp_no()),
        must(text("scope_code", "执业范围代码", 10, "A12", "A11 内科、A12 外科等")),
        text("scope_name", "执业范围名称", 50, "外科专业"),
        code("prac_category", "执业类别", 1, clinical.SCOPE_CATEGORIES),
        must(text("prac_org", "执业机构", 80, "本院")),
        flag("is_main_org", "是否主要执业机构"),
        day("filed_on", "多点执业备案日期", example="2026-01-05"),
        valid_to(),
        modified(),
    ),
    further=(moment("checked_at", "最近核验时间"),),
)
