"""Words of the surgery room. Plain enums with the labels pages show."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProcedureCategory(models.TextChoices):
    SURGERY = "1", _("手术")
    INTERVENTION = "2", _("介入治疗")
    THERAPEUTIC = "3", _("治疗性操作")
    DIAGNOSTIC = "4", _("诊断性操作")


class Grade(models.IntegerChoices):
    UNGRADED = 0, _("未定级")
    ONE = 1, _("一级")
    TWO = 2, _("二级")
    THREE = 3, _("三级")
    FOUR = 4, _("四级")


class Chapter(models.TextChoices):
    """Chapters of the list: the two-digit groups from and to (domain 3.2)."""

    NONE = "", _("不在分章")
    UNCLASSIFIED = "00", _("操作和介入，未分类")
    NERVOUS = "01-05", _("神经系统")
    ENDOCRINE = "06-07", _("内分泌系统")
    EYE = "08-16", _("眼")
    OTHER = "17", _("其他各类诊断性和治疗性操作")
    EAR = "18-20", _("耳")
    NOSE_MOUTH_PHARYNX = "21-29", _("鼻、口和咽")
    RESPIRATORY = "30-34", _("呼吸系统")
    CARDIOVASCULAR = "35-39", _("心血管系统")
    BLOOD_LYMPH = "40-41", _("血液和淋巴系统")
    DIGESTIVE = "42-54", _("消化系统")
    URINARY = "55-59", _("泌尿系统")
    MALE = "60-64", _("男性生殖器官")
    FEMALE = "65-71", _("女性生殖器官")
    OBSTETRIC = "72-75", _("产科操作")
    MUSCULOSKELETAL = "76-84", _("肌肉骨骼系统")
    INTEGUMENTARY = "85-86", _("体被系统")
    MISCELLANEOUS = "87-99", _("各种诊断性和治疗性操作")


class EntryOption(models.TextChoices):
    """录入选项 of the clinical list: whether the front page must carry the entry."""

    UNSAID = "", _("未注明")
    REQUIRED = "1", _("必选")
    OPTIONAL = "2", _("选择性")


class RestrictedClass(models.IntegerChoices):
    """限制类技术 (domain 3.8), with the codes the HIS uses."""

    NONE = 0, _("无")
    NATIONAL = 1, _("国家限制类")
    PROVINCIAL = 2, _("省级限制类")


class IncisionClass(models.TextChoices):
    """手术切口类别, with the codes the HIS uses."""

    UNSAID = "", _("未规定")
    ZERO = "0", _("0 类")
    ONE = "1", _("Ⅰ 类")
    TWO = "2", _("Ⅱ 类")
    THREE = "3", _("Ⅲ 类")
    FOUR = "4", _("Ⅳ 类")


class Place(models.TextChoices):
    """Where a procedure is done 开展场所."""

    ANY = "ALL", _("不限")
    OUTPATIENT = "OUTP", _("门诊")
    INPATIENT = "INP", _("住院")
    DAY = "DAY", _("日间")


class Source(models.TextChoices):
    """Where an entry of the catalogue came from."""

    SEED = "SEED", _("系统自带")
    NATIONAL = "NATIONAL", _("国临 3.0")
    HOSPITAL = "HOSPITAL", _("本院增补")


class Planned(models.TextChoices):
    """是否计划手术 (domain 9.6, indicator 4)."""

    PLANNED = "1", _("计划")
    UNPLANNED = "2", _("非计划")


class Nature(models.TextChoices):
    """手术性质."""

    ELECTIVE = "1", _("择期")
    EMERGENCY = "2", _("急诊")
    DEADLINE = "3", _("限期")


class Reoperation(models.TextChoices):
    """再次手术类型."""

    NONE = "0", _("非再次")
    PLANNED = "1", _("计划再次")
    UNPLANNED = "2", _("非计划再次")


class ReoperationCause(models.TextChoices):
    """再次手术原因, as the indicator of unplanned second operations counts them."""

    COMPLICATION = "COMPLICATION", _("并发症")
    INFECTION = "INFECTION", _("感染")
    BLEEDING = "BLEEDING", _("出血")
    DEVICE = "DEVICE", _("器械问题")
    INEFFECTIVE = "INEFFECTIVE", _("疗效不佳")
    OTHER = "OTHER", _("其他")


class OperatedSide(models.TextChoices):
    """侧别 of an operation."""

    LEFT = "L", _("左")
    RIGHT = "R", _("右")
    BOTH = "B", _("双侧")
    NONE = "N", _("不分侧")


class Technique(models.TextChoices):
    """What an operation is said to be: ordinary, restricted (GR09) or new (GR08)."""

    ORDINARY = "0", _("常规")
    RESTRICTED = "1", _("限制类技术")
    NEW = "2", _("新技术")


class DeclaredRole(models.TextChoices):
    """Who beside the surgeon a declaration names."""

    ASSIST = "ASSIST", _("助手")
    SUPERVISE = "SUPERVISE", _("带教")


class TeamRole(models.TextChoices):
    """角色: what somebody did in an operation."""

    SURGEON = "1", _("主刀")
    FIRST_ASSISTANT = "2", _("第一助手")
    SECOND_ASSISTANT = "3", _("第二助手")
    THIRD_ASSISTANT = "4", _("第三助手")
    ANESTHETIST = "5", _("麻醉医师")
    SCRUB_NURSE = "6", _("洗手护士")
    CIRCULATING_NURSE = "7", _("巡回护士")
    SUPERVISOR = "8", _("带教")


class BookingStatus(models.TextChoices):
    """申请状态 of an operation in the HIS."""

    DRAFT = "1", _("草稿")
    WITH_HEAD = "2", _("待科主任审")
    WITH_OFFICE = "3", _("待医务审")
    SCHEDULED = "4", _("已排班")
    UNDER_WAY = "5", _("进行中")
    DONE = "6", _("完成")
    CANCELED = "7", _("取消")


class VerdictCode(models.TextChoices):
    """Codes of a declared verdict (domain 1.3), as ``permissions.checks`` gives them.

    This room keeps what was answered and lies below the room that answers, so it has
    the words of its own; a test holds both together.
    """

    ALLOWED = "0", _("可主刀")
    SUPERVISED = "2S", _("带教下主刀")
    ASSIST_ONLY = "2A", _("仅助手")
    NO_RIGHT = "1", _("无权限")
    ABOVE_CEILING = "1G", _("越级需审批")
    EXPIRED = "3", _("已到期")
    SUSPENDED = "4", _("已暂停")
    NOT_IN_CATALOGUE = "5", _("不在目录")
    NOT_DONE_HERE = "6", _("本院不得开展")
    OUT_OF_SCOPE = "7", _("超执业范围")
    OVERRIDE = "8", _("急诊越级登记")
    UNKNOWN = "9", _("暂时无法核对")


class GradeAct(models.TextChoices):
    """What is done to the grade of a procedure."""

    NEW = "NEW", _("新增定级")
    CHANGE = "CHANGE", _("调整级别")
    WITHDRAW = "WITHDRAW", _("作废定级")
    UNDO = "UNDO", _("撤销调级")
    RECODE = "RECODE", _("编码调整")


class RecodingKind(models.TextChoices):
    """What becomes of a code: another one, one of several, several of one."""

    REPLACE = "REPLACE", _("替换")
    MERGE = "MERGE", _("合并")
    SPLIT = "SPLIT", _("拆分")


class RecodingState(models.TextChoices):
    """How far a re-coding has come."""

    PLANNED = "PLANNED", _("待施行")
    APPLIED = "APPLIED", _("已施行")
    CANCELED = "CANCELED", _("已撤回")
    UNDONE = "UNDONE", _("已撤销")


class Publishing(models.TextChoices):
    """What was done with the catalogue of grades 3 and 4 (GR04, GR05)."""

    REPORTED = "REPORTED", _("上报")
    PUBLISHED = "PUBLISHED", _("公示")
