"""Versions of the contract, the newest first."""

from __future__ import annotations

from portal.his.contract.shape import Version

VERSIONS = (
    Version(
        "2.3",
        "2026-11-27",
        (
            "启动链接可按接入方改用 HMAC-SM3，旧系统可限期使用 MD5、SHA-1，测试向量同列",
            "启动链接增加 `frame`：嵌在医生站页面内显示时为 1",
        ),
    ),
    Version(
        "2.2",
        "2026-11-27",
        (
            "手术申请、手术开展情况、手术项目明细、手术人员四个视图启用，按水位列读取，每天全读一次",
            "`V_YW_OPERATION` 的麻醉方式、切口类别、手术并发症、死亡和死亡时间改为必备列，没有的给空值",
            "`YW_OPGRADE_SAVE` 启用：本院目录的手术等级由它送达，经 `V_YW_OP_GRADE` 回读，每夜比对",
        ),
    ),
    Version(
        "2.1",
        "2026-11-27",
        (
            "`YW_DOCTOR_OP_SAVE` 与 `V_YW_DOCTOR_OP` 启用：逐项手术权限由它送达和回读",
            "不保存日期、只保存粗略标志的 HIS 怎样使用 `YW_PRIV_SAVE`",
        ),
    ),
    Version(
        "2.0",
        "2026-11-25",
        (
            "招标文件的 15 项接口全部列出，另有 13 个辅助视图",
            "`V_YW_PRIV_DICT` 的 `level` 改名为 `priv_level`（`LEVEL` 在 Oracle 是保留字）",
            "`V_YW_CHANGE_LOG` 进入约定，三个维护函数共用",
            "列分必备与扩充两类",
            "到期日期 `2999-12-31` 与 `9999-12-31` 按空读取",
            "年份在 1900 至 2200 之外的日期和乱码也隔离；大量行消失由人确认",
        ),
    ),
    Version(
        "1.0",
        "2026-11-01",
        ("三个视图、`YW_PRIV_SAVE` 和启动链接",),
    ),
)
VERSION = VERSIONS[0].number
