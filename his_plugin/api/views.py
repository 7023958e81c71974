"""Doors of the field: translate, one call, translate back. See docs/station-integration.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils import timezone
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from his_plugin.api.doors import FieldView, OpenFieldView, ShallowJsonParser
from his_plugin.api.errors import SurgeonUnknown
from his_plugin.api.serializers import CheckSerializer, DeclarationSerializer
from his_plugin.field.declaring import details_of, team_of
from his_plugin.field.parts import field_parts
from his_plugin.field.questions import Answer, answer
from his_plugin.field.texts import field_options, field_texts
from his_plugin.field.verdicts import name_and_grade, verdict_to_keep, verdict_words
from his_plugin.launch.parameters import FIELD
from his_plugin.launch.services import TICKET_SECONDS
from his_plugin.launch.stations import accept, exchange
from his_plugin.tokens import SECONDS, Holder, issue
from permissions.services.ledger import locked_practitioner
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from surgery.enums import Nature, Planned, Reoperation
from surgery.models import SurgeryApplication
from surgery.queries.applications import (
    application_by_no,
    current_codes,
    current_team,
    is_business_of,
)
from surgery.services.declarations import (
    DeclaredDetails,
    DeclaredProcedure,
    NoProcedure,
    Seen,
    declare,
)

DETAILS = tuple(DeclaredDetails.__dataclass_fields__)


class SessionView(OpenFieldView):
    """The signed text of a launch for a token; the nonce is used up."""

    parser_classes = (FormParser,)

    def post(self, request: Request) -> Response:
        # An empty body is read as no form at all.
        given = request.data if isinstance(request.data, QueryDict) else QueryDict()
        accepted = accept(given.lists(), page=FIELD, at=timezone.now())
        doctor, launch = accepted.practitioner, accepted.launch
        return Response(
            {
                "token": issue(emp_no=doctor.emp_no, station=launch.station),
                "expires_in": SECONDS,
                "user": {"emp_no": doctor.emp_no, "name": doctor.name},
                "texts": field_texts(),
                "options": field_options(),
                "parts": field_parts(),
            }
        )


class TicketView(OpenFieldView):
    """The server of a station asks for a ticket; the browser opens it once."""

    parser_classes = (FormParser,)

    def post(self, request: Request) -> Response:
        given = request.data if isinstance(request.data, QueryDict) else QueryDict()
        proof = request.headers.get("Authorization", "")
        accepted = exchange(proof, given.lists(), at=timezone.now())
        way = f"{reverse('his_plugin:enter')}?{urlencode({'ticket': accepted.ticket})}"
        return Response(
            {"ticket": accepted.ticket, "expires_in": TICKET_SECONDS, "url": way}
        )


class CheckView(FieldView):
    """May this surgeon operate these procedures then?"""

    parser_classes = (ShallowJsonParser,)

    def post(self, request: Request) -> Response:
        return Response(checked(_holder(request), request.data))


def checked(holder: Holder, data: Any) -> dict[str, Any]:
    """The verdict on what a station or the posted page asks. ValidationError."""
    serializer = CheckSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    return verdict_words(answer(serializer.asked(station=holder.station)))


class DeclarationsView(FieldView):
    """Keep what was declared, with the verdict as it stands now."""

    parser_classes = (ShallowJsonParser,)

    def post(self, request: Request) -> Response:
        return Response(declared(_holder(request), request.data))


def declared(holder: Holder, data: Any) -> dict[str, Any]:
    """What was kept. ValidationError, DeclarationRefused."""
    serializer = DeclarationSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    if not serializer.validated_data["procedures"]:
        raise NoProcedure
    given = serializer.validated_data
    with transaction.atomic():
        # A right taken away at this moment: the verdict knows of it, or whoever takes
        # it away waits here and finds the operation among those it hits.
        surgeon = practitioner_by_emp_no(given["surgeon"])
        if surgeon is None:
            raise SurgeonUnknown
        locked_practitioner(surgeon.pk)
        answered = answer(serializer.asked(station=holder.station))
        application = _declared(holder, surgeon, answered, given)
    return {
        "declaration": application.pk,
        "application_no": application.application_no,
        "declared_at": application.declared_at.isoformat(),
        "verdict": verdict_words(answered),
    }


def _declared(
    holder: Holder, surgeon: Practitioner, answered: Answer, given: dict[str, Any]
) -> SurgeryApplication:
    return declare(
        application_no=given["application_no"],
        applicant=holder.practitioner,
        surgeon=surgeon,
        procedures=[
            DeclaredProcedure(one.code, *name_and_grade(one))
            for one in answered.procedures
        ],
        planned_at=answered.asked.planned_at,
        is_planned=Planned(given["is_planned"]),
        nature=Nature(given["nature"]),
        is_rescue=given["is_rescue"],
        reoperation=Reoperation(given["reoperation"]),
        reoperation_reason=given["reoperation_reason"],
        details=details_of(answered, given),
        team=team_of(answered),
        verdict=verdict_to_keep(answered),
        seen=Seen(given["seen"]) if "seen" in given else None,
        by=holder.user,
        at=timezone.now(),
    )


class DeclarationView(FieldView):
    """What was declared, for a form that is opened again.

    Nothing declared yet is no error: a station's console stays clean. What another
    department declared is not found.
    """

    def get(self, request: Request, application_no: str) -> Response:
        known = standing_declaration(_holder(request), application_no)
        return Response(known or {"declaration": None})


def standing_declaration(holder: Holder, application_no: str) -> dict[str, Any] | None:
    """What is declared of an application by now. Http404 of another department's."""
    application = application_by_no(application_no)
    if application is None:
        return None
    if not is_business_of(holder.practitioner, application):
        raise Http404
    return {
        "declaration": application.pk,
        "application_no": application.application_no,
        "surgeon": application.surgeon.emp_no,
        "procedures": current_codes(application),
        "planned_at": application.planned_at.isoformat(),
        "is_planned": application.is_planned,
        "nature": application.nature,
        "is_rescue": application.is_rescue,
        "reoperation": application.reoperation,
        "reoperation_reason": application.reoperation_reason,
        **{name: _said(getattr(application, name)) for name in DETAILS},
        "team": current_team(application),
        "verdict_code": application.verdict_code,
        "declared_at": application.declared_at.isoformat(),
    }


def _said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _holder(request: Request) -> Holder:
    holder = request.auth
    assert isinstance(holder, Holder)  # noqa: S101  # HoldsToken let it in
    return holder
