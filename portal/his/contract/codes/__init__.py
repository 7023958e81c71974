"""Code tables of the contract (domain 9.4, 9.5)."""

from __future__ import annotations

SETTINGS = {
    "ALL": "全部",
    "OUTP": "门诊",
    "EMER": "急诊",
    "INP": "住院",
    "OR": "手术室",
}

OPERATIONS = {
    "ADD": "新增",
    "UPDATE": "修改",
    "SUSPEND": "暂停",
    "RESTORE": "恢复",
    "REVOKE": "取消",
    "VOID": "作废",
}

LINE_STATUS = {"1": "有效", "2": "暂停", "3": "取消", "4": "作废"}

# What a line's status is once an operation has taken effect.
STATUS_AFTER = {
    "ADD": "1",
    "UPDATE": "1",
    "RESTORE": "1",
    "SUSPEND": "2",
    "REVOKE": "3",
    "VOID": "4",
}

PRACTITIONER_STATUS = {
    "01": "在职",
    "02": "试用",
    "03": "进修",
    "04": "外出进修",
    "05": "病假",
    "06": "停职",
    "07": "退休返聘",
    "99": "离职",
}

VALUE_KINDS = {"FLAG": "标志", "LEVEL": "级别", "ITEM": "逐项"}

# GB/T 8561 titles of physicians, and the hospital's rank 5 (highest) to 1.
TITLES = {
    "231": "主任医师",
    "232": "副主任医师",
    "233": "主治医师",
    "234": "医师",
    "235": "医士",
}
TITLE_RANK = {"231": 5, "232": 4, "233": 3, "234": 2, "235": 1}

YES_NO = {"1": "是", "0": "否"}

# Answers of the maintenance functions.
ERROR_CODES = {
    "0": "成功",
    "1001": "签名错误",
    "1002": "请求过期或重放",
    "2001": "医生不存在",
    "2002": "医生已停用",
    "2003": "权限不存在",
    "2004": "项目不存在",
    "2005": "取值不允许",
    "2006": "与已有记录重叠",
    "3001": "HIS 已锁定",
    "3002": "HIS 数据库错误",
    "9999": "其他错误",
}
