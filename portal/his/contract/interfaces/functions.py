"""What we ask the HIS to change, and its log of what was changed (T05, T09, T12).

No argument anywhere holds a list. ``YW_DOCTOR_OP_SAVE`` therefore takes one line per
call. To replace all surgical rights of a doctor, the lines carry the same ``batch_key``
and say which of how many they are (``line_no`` of ``line_count``). Each call saves its
own line and stamps it with the batch. The last call closes the batch: when all lines of
the batch are there, every line of the doctor that is in force and carries another stamp
is revoked; when some are not, the call is refused with 2005 and nothing is revoked. So
a batch broken off in the middle has only given rights, never taken one, and is finished
by sending the rest. An empty set is one call with ``line_count`` 0 and no item.
"""

from __future__ import annotations

from portal.his.contract import codes
from portal.his.contract.codes import clinical
from portal.his.contract.columns import (
    code,
    count,
    day,
    emp_no,
    moment,
    must,
    op_kind,
    request_id,
    setting,
    text,
    valid_from,
    valid_to,
)
from portal.his.contract.shape import Column, Function, View


def because() -> tuple[Column, ...]:
    """Why and by whom; the end of every call."""
    return (
        text("reason", "原因", 200, "年度授权"),
        text("doc_no", "文号", 50, "院医〔2026〕18 号"),
        must(emp_no("operator", "操作人工号")),
    )


RESULTS = (
    must(code("code", "结果码", 4, codes.ERROR_CODES)),
    text("message", "结果说明", 200, "成功"),
    text("his_row_id", "HIS 行号", 32, "70012"),
)

YW_PRIV_SAVE = Function(
    name="YW_PRIV_SAVE",
    title="医生权限维护",
    rows=("T05",),
    purpose="新增、修改、暂停、恢复、取消、作废医生的一项权限。",
    key=("emp_no", "priv_code", "setting", "item_code", "valid_from"),
    shows="V_YW_DOCTOR_PRIV",
    in_use=True,
    rules=(
        "不保存日期的 HIS（映射写明）：`valid_from` 一律为 `1900-01-01`，`valid_to` 为空，每人每项一行；"
        "权限到生效、到期之日才发送新增、取消。",
        "只在人员记录上保存粗略标志的 HIS（映射写明）：`priv_code` 是 `V_YW_DOCTOR` 的列名，"
        "如 `surgery_grade`、`special_order_mz`，`his_value` 是该列的新值；`op` 为 `ADD` 或 `UPDATE`，"
        "这些行也在 `V_YW_DOCTOR_PRIV` 中可见。",
    ),
    arguments=(
        request_id(),
        op_kind(),
        must(emp_no()),
        must(text("priv_code", "权限编码", 20, "AB02")),
        setting(),
        must(
            text("item_code", "项目编码", 32, "50.3x00", "无项目时为空串"), blank=True
        ),
        text("his_value", "HIS 取值", 20, "2"),
        valid_from(),
        valid_to(),
        *because(),
    ),
    results=RESULTS,
)

YW_OPGRADE_SAVE = Function(
    name="YW_OPGRADE_SAVE",
    title="手术等级维护",
    rows=("T09",),
    purpose="把一个手术的等级改为本院目录的等级。",
    key=("proc_code",),
    shows="V_YW_OP_GRADE",
    in_use=True,
    rules=(
        "`op` 只用 `ADD`、`UPDATE`、`VOID`；作废后等级为 `0` 未定级。",
        "`old_grade` 给出时须与 HIS 现行等级相同，否则以 `2005` 拒绝：有人先改过了。",
    ),
    arguments=(
        request_id(),
        op_kind(),
        must(text("his_item_id", "HIS 项目ID", 32, "9048")),
        must(text("proc_code", "手术编码", 32, "50.3x00")),
        code("old_grade", "原等级", 1, clinical.GRADES),
        must(code("new_grade", "新等级", 1, clinical.GRADES)),
        must(day("effective_from", "生效日期", example="2026-12-01")),
        text("grade_version", "目录版本", 20, "2026-1"),
        *because(),
    ),
    results=RESULTS,
)

YW_DOCTOR_OP_SAVE = Function(
    name="YW_DOCTOR_OP_SAVE",
    title="手术权限维护",
    rows=("T12",),
    purpose="医生逐项手术权限的增改，或整批替换。",
    key=("emp_no", "his_item_id", "right_kind", "setting", "valid_from"),
    shows="V_YW_DOCTOR_OP",
    in_use=True,
    rules=(
        "一次调用只带一行，没有任何参数是列表。",
        "`save_mode` 为 `INCREMENT` 时只处理这一行，`batch_key`、`line_no`、`line_count` 为空。",
        "`save_mode` 为 `REPLACE` 时，同一批各行的 `batch_key` 相同，`line_no` 从 1 到 `line_count`；"
        "`op` 只用 `ADD`、`UPDATE`。每次调用保存自己的一行并记下批次号。",
        "最后一行（`line_no` = `line_count`）收尾：该批各行都已成功时，取消该医生批次号不同的有效行；"
        "有缺行时以 `2005` 拒绝，不取消任何行，补齐后以新的请求号重发最后一行。",
        "整批为空：一次调用，`line_no` 与 `line_count` 为 0，`his_item_id` 为空串。",
    ),
    arguments=(
        request_id(),
        must(code("save_mode", "方式", 10, clinical.SAVE_MODES, example="INCREMENT")),
        text("batch_key", "批次号", 36, "6f1c0a52-B", "整批替换时必填"),
        count("line_no", "批内行号", "1"),
        count("line_count", "批内行数", "3"),
        op_kind(),
        must(emp_no()),
        must(
            text("his_item_id", "HIS 项目ID", 32, "9048", "整批为空时为空串"),
            blank=True,
        ),
        must(code("right_kind", "权限种类", 1, clinical.RIGHT_KINDS)),
        setting(),
        valid_from(),
        valid_to(),
        *because(),
    ),
    results=RESULTS,
)

V_YW_CHANGE_LOG = View(
    name="V_YW_CHANGE_LOG",
    title="维护日志",
    rows=("T05", "T09", "T12"),
    purpose="三个维护函数每次生效的修改，只增不改。",
    key=("seq",),
    watermark="changed_at",
    columns=(
        must(count("seq", "序号", "1", note="只增")),
        text("request_id", "请求号", 36, "6f1c0a52-0001", "HIS 内手工修改时为空"),
        must(code("target", "对象", 10, clinical.CHANGE_TARGETS)),
        must(code("op", "操作", 10, codes.OPERATIONS)),
        emp_no(note="手术等级的修改为空"),
        text("priv_code", "权限编码", 20, "AB02", "手术权限为权限种类"),
        code("setting", "场合", 4, codes.SETTINGS),
        text("item_code", "项目编码", 32, "50.3x00"),
        text("before_status", "原状态", 1, "1", "原状态或原等级；空为原先没有"),
        text("after_status", "新状态", 1, "2", "新状态或新等级"),
        emp_no("operator", "操作人工号"),
        must(moment("changed_at", "修改时间")),
    ),
    further=(
        text("reason", "原因", 200, "年度授权"),
        text("doc_no", "文号", 50, "院医〔2026〕18 号"),
        text("terminal", "终端", 50, "YW-PORTAL"),
    ),
)
