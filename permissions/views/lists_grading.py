"""The list of grades asked for, declared."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.presenters.regrading import ProposalRow, proposal_rows
from portal.accounts.capabilities import Capability
from portal.accounts.models import SYSTEM_STAFF_NO, User
from portal.approvals.models import STATE_CHOICES
from portal.approvals.workflow import ProposalState
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView
from surgery.enums import Grade, GradeAct
from surgery.models import GradeProposal
from surgery.models.grading import POINTS

DECIDING = frozenset({Capability.APPROVE_GRADE, Capability.RECORD_COMMITTEE})
GRADES = [(str(one.value), one.label) for one in Grade]
WAITING = Q(state=ProposalState.SUBMITTED.value)
# As ``GradeProposal.lacks_sheet``: proposed as the HIS has it, for somebody to score.
TO_SCORE = WAITING & Q(grade__gt=0, **{f"{POINTS[0]}__isnull": True})
# As ``GradeProposal.lacks_proposer``.
UNCLAIMED = WAITING & Q(grade=0, proposed_by__staff_no=SYSTEM_STAFF_NO)


def proposal_matches(text: str) -> Q:
    return (
        Q(procedure__code__istartswith=text)
        | Q(procedure__name__contains=text)
        | Q(procedure__initials__contains=text.lower())
        | Q(doc_no__contains=text)
    )


def proposals_of(user: User) -> ListSpec[GradeProposal, ProposalRow]:
    """Who may decide ticks several; the first view is what waits for them."""
    may_decide = bool(DECIDING & user.capabilities)
    mine = WAITING & ~Q(proposed_by=user) & ~TO_SCORE & ~UNCLAIMED
    views = (
        QuickView("waiting", _("待我审定"), mine, "warn"),
        QuickView("open", _("全部待审定"), WAITING),
        QuickView("unscored", _("待补评分或确认提出"), TO_SCORE | UNCLAIMED, "warn"),
        QuickView("all", _("全部")),
    )
    return replace(
        PROPOSALS,
        views=views if may_decide else views[1:],
        is_selectable=may_decide,
        batch_template="permissions/_grade_batch.html" if may_decide else "",
    )


PROPOSALS = ListSpec[GradeProposal, ProposalRow](
    key="grade-proposals",
    columns=(
        Column(
            "procedure",
            _("手术"),
            order=("procedure__code",),
            export=lambda row: row.procedure,
        ),
        Column("act", _("申请"), export=lambda row: row.act.text),
        Column(
            "grade",
            _("级别"),
            order=("grade_before", "grade"),
            export=lambda row: f"{row.before.text} → {row.after.text}",
        ),
        Column("score", _("评分"), css="num", export=lambda row: row.total),
        Column(
            "effective",
            _("施行日期"),
            order=("effective_on",),
            export=lambda row: row.effective_on,
        ),
        Column("doc_no", _("文号"), export=lambda row: row.doc_no),
        Column(
            "proposed",
            _("提出"),
            order=("proposed_at",),
            export=lambda row: f"{row.proposed_by} {row.proposed_at}",
        ),
        Column("state", _("状态"), export=lambda row: row.state.text),
        Column(
            "decided",
            _("审定"),
            order=("decided_at",),
            export=lambda row: f"{row.decided_by} {row.decided_at}".strip(),
        ),
    ),
    search=Search(_("手术、编码、拼音首字母或文号"), proposal_matches),
    filters=(
        ChoiceFilter("state", _("状态"), STATE_CHOICES, "state"),
        ChoiceFilter(
            "act",
            _("申请"),
            [one for one in GradeAct.choices if one[0] != GradeAct.UNDO],
            "act",
        ),
        ChoiceFilter("grade", _("新级别"), GRADES, "grade"),
        DateRange("on", _("施行日期"), "effective_on"),
    ),
    order=("-id",),
    present=proposal_rows,
    row_template="permissions/_grade_proposal_row.html",
    nothing=_("没有符合条件的定级申请"),
)
