"""The catalogue of procedures, their grades and who may do what (T06–T08, T10, T11)."""

from __future__ import annotations

from portal.his.contract import codes
from portal.his.contract.codes import clinical
from portal.his.contract.columns import (
    code,
    count,
    day,
    emp_no,
    flag,
    modified,
    must,
    setting,
    text,
    until,
    valid_from,
    valid_to,
)
from portal.his.contract.shape import View

V_YW_OP_DICT = View(
    name="V_YW_OP_DICT",
    title="手术字典查询",
    rows=("T07",),
    purpose="HIS 的手术操作目录；本系统据此把目录中的手术与 HIS 项目对上。",
    key=("his_item_id",),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(text("his_item_id", "HIS 项目ID", 32, "9048")),
        must(text("code_clinical", "国临版编码", 32, "50.3x00", "国临版 3.0")),
        text("code_insurance", "医保版编码", 32, "50.3x00", "医保版 2.0"),
        must(text("name", "手术名称", 100, "肝叶切除术")),
        text("py", "拼音码", 30, "GYQCS"),
        must(code("category", "类别", 1, clinical.PROCEDURE_CATEGORIES)),
        text("specialty", "专科", 20, "肝胆"),
        must(code("enabled", "启用", 1, codes.YES_NO)),
        modified(),
    ),
    further=(
        text("wb", "五笔码", 30, "EKAW"),
        text(
            "dept_code",
            "限用科室编码",
            20,
            "0401",
            "空为不限；限多个科室时各有一行项目",
        ),
        code("restricted_class", "限制类技术", 1, clinical.RESTRICTED_CLASSES),
        flag("special_licence", "专项许可", "器官移植等"),
        flag("perf_level4", "国考四级手术"),
        flag("perf_mini_invasive", "国考微创手术"),
        flag("day_surgery", "日间手术"),
        flag("side_needed", "须填侧别"),
        code("incision_default", "默认切口类别", 1, clinical.INCISIONS),
        code("setting", "适用场合", 4, codes.SETTINGS),
        text("charge_item", "收费项目编码", 32, "331005013"),
        day("effective_from", "启用日期"),
        until("effective_to", "停用日期", "含当日；空为在用"),
    ),
)

V_YW_OP_GRADE = View(
    name="V_YW_OP_GRADE",
    title="手术等级查询",
    rows=("T06",),
    purpose="每个手术在 HIS 中的现行等级。",
    key=("proc_code",),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(text("proc_code", "手术编码", 32, "50.3x00", "国临版 3.0")),
        must(code("grade", "手术等级", 1, clinical.GRADES)),
        text("grade_name", "等级名称", 20, "四级"),
        day("effective_from", "生效日期"),
        modified(),
    ),
    further=(text("grade_version", "目录版本", 20, "2026-1"),),
)

V_YW_GRADE_DICT = View(
    name="V_YW_GRADE_DICT",
    title="手术等级字典查询",
    rows=("T08",),
    purpose="HIS 使用的手术等级及其判定标准。",
    key=("grade_code",),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(code("grade_code", "等级代码", 1, clinical.GRADES)),
        must(text("name", "名称", 20, "四级")),
        text("criteria", "判定标准", 500, "风险高、过程复杂、难度大的手术"),
        must(count("sort_no", "顺序", "4")),
        modified(),
    ),
)

V_YW_DOCTOR_OP = View(
    name="V_YW_DOCTOR_OP",
    title="手术权限查询",
    rows=("T10",),
    purpose="医生逐项的手术权限，每行一个项目、一种权限。",
    key=("emp_no", "his_item_id", "right_kind", "setting", "valid_from"),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(emp_no()),
        must(text("his_item_id", "HIS 项目ID", 32, "9048")),
        must(code("right_kind", "权限种类", 1, clinical.RIGHT_KINDS)),
        code("grade", "授权时等级", 1, clinical.GRADES),
        setting(),
        valid_from(),
        valid_to(),
        must(code("status", "状态", 1, codes.LINE_STATUS)),
        emp_no("last_operator", "最后操作人"),
        modified(),
    ),
    further=(
        text("batch_key", "批次号", 36, "6f1c0a52-B", "给出该行的整批替换"),
        flag("supervised", "须在带教下"),
        code("side_limit", "侧别限制", 1, clinical.SIDES),
    ),
)

V_YW_OPRIGHT_DICT = View(
    name="V_YW_OPRIGHT_DICT",
    title="手术权限字典查询",
    rows=("T11",),
    purpose="HIS 认识的手术权限种类；每种权限、每个等级、每个场合一行。",
    key=("right_code",),
    watermark="last_modified",
    in_use=True,
    columns=(
        must(text("right_code", "权限字典编码", 20, "2-ALL")),
        must(code("right_kind", "权限种类", 1, clinical.RIGHT_KINDS)),
        must(text("name", "名称", 50, "执行（主刀）")),
        code("grade", "手术等级", 1, clinical.GRADES, "空为不分等级"),
        setting(),
        must(code("enabled", "启用", 1, codes.YES_NO)),
        modified(),
    ),
)
