"""The doctor stations, the surgery application, and the way into the portal."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from portal.demo_his import applications, launching, queries
from portal.demo_his.applications import FIELDS, Sheet
from portal.demo_his.clock import now_text
from portal.demo_his.pages import Missing, Row, number_of, operator, page
from portal.demo_his.site import current
from portal.his.contract.launch import STATIONS

INPATIENT_DOCTOR = "1188"
OUTPATIENT_DOCTOR = "1214"
QUICK_DOCTORS = ("1188", "1027", "1214")
DONE = {"saved": "已暂存。", "submitted": "已提交。"}
TABS = ("sheet", "history", "patients")
NATURES = {"1": "择期", "2": "急诊", "3": "限期"}
PLANNED = {"1": "计划", "2": "非计划"}
REOPERATIONS = {"0": "非再次", "1": "计划再次", "2": "非计划再次"}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Choose a person and a station."""
    doctors = queries.doctors(current().front)
    quick = [row for row in doctors if row["emp_no"] in QUICK_DOCTORS]
    quick.sort(key=lambda row: QUICK_DOCTORS.index(row["emp_no"]))
    words = {"doctors": doctors, "quick": quick, "chosen": INPATIENT_DOCTOR}
    return page(request, "his/index.html", words)


@require_GET
def outpatient(request: HttpRequest) -> HttpResponse:
    database = current().front
    doctor = operator(database, request.GET.get("u", OUTPATIENT_DOCTOR))
    queue = queries.visits(database)
    wanted = number_of(request.GET.get("v", ""))
    patient = next((row for row in queue if row["visit"] == wanted), queue[0])
    lines = queries.prescription(database, patient["visit"])
    return page(
        request,
        "his/outpatient.html",
        {
            "doctor": doctor,
            "doctors": queries.doctors(database),
            "queue": queue,
            "patient": patient,
            "lines": lines,
            "total": f"{sum(float(line['price']) for line in lines):.2f}",
            "launch": launch_link(doctor, "MZ", patient["patient"], patient["visit"]),
        },
    )


@require_GET
def inpatient(request: HttpRequest) -> HttpResponse:
    database = current().front
    doctor = operator(database, request.GET.get("u", INPATIENT_DOCTOR))
    number = request.GET.get("a", "")
    kept = queries.application(database, number) if number else None
    if number and kept is None:
        raise Missing(f"没有手术申请单 {number[:20]}。")
    stay = str(kept["stay"]) if kept else request.GET.get("p", "")
    stays = queries.stays(database)
    patient = the_stay(stays, number_of(stay) or first_stay(stays, doctor))
    values = typed_again(kept) if kept else applications.first_values(doctor, patient)
    number = number or applications.new_number()
    tab = request.GET.get("tab", "sheet")
    return sheet_page(
        request,
        doctor,
        Sheet(number, patient["stay"], values, is_submit=False),
        tab=tab if tab in TABS else "sheet",
        said=DONE.get(request.GET.get("done", ""), ""),
        made_at=kept["made_at"] if kept else now_text()[:16],
    )


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """暂存 or 提交; what was typed stays on the page when it is refused."""
    database = current().front
    doctor = operator(database, request.POST.get("u", ""))
    names = {field.name for field in FIELDS} | applications.PLUGIN_NAMES
    sheet = Sheet(
        request.POST.get("number", "")[:20] or applications.new_number(),
        number_of(request.POST.get("p", "")) or 0,
        {name: request.POST[name] for name in names if name in request.POST},
        is_submit=request.POST.get("act") == "submit",
    )
    the_stay(queries.stays(database), sheet.stay)  # before anything is written
    problems = applications.problems(database, sheet)
    if problems:
        return sheet_page(
            request,
            doctor,
            sheet,
            problems=problems,
            made_at=now_text()[:16],
            status=400,
        )
    applications.save(database, sheet, doctor["emp_no"])
    done = "submitted" if sheet.is_submit else "saved"
    query = urlencode({"u": doctor["emp_no"], "a": sheet.number, "done": done})
    return HttpResponseRedirect(f"{reverse('inpatient')}?{query}")


def sheet_page(
    request: HttpRequest,
    doctor: Row,
    sheet: Sheet,
    *,
    made_at: str,
    tab: str = "sheet",
    said: str = "",
    problems: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    site = current()
    stays = queries.stays(site.front)
    patient = the_stay(stays, sheet.stay)
    own, others = by_department(queries.doctors(site.front), doctor)
    parameters = launching.launch(
        doctor,
        app=site.app,
        station="ZY",
        page="field",
        patient=str(patient["patient"]),
        visit=str(patient["stay"]),
    )
    history = [
        row | in_words(row) for row in queries.applications(site.front, patient["stay"])
    ]
    return page(
        request,
        "his/inpatient.html",
        {
            "doctor": doctor,
            "doctors": [*own, *others],
            "own": own,
            "others": others,
            "stays": stays,
            "patient": patient,
            "tab": tab,
            "number": sheet.number,
            "made_at": made_at,
            "sheet": {field.name: sheet.get(field.name) for field in FIELDS},
            "procedures": queries.procedures(site.front),
            "choices": {field.name: field.choices for field in FIELDS},
            "history": history,
            "problems": problems or [],
            "said": said,
            "field_launch": launching.signed(parameters, site.key),
            "launch": launch_link(doctor, "ZY", patient["patient"], patient["stay"]),
        },
        status=status,
    )


def in_words(row: Row) -> dict[str, str]:
    """What the field group left, for the list of earlier sheets."""
    return {
        "is_planned": PLANNED.get(row["is_planned"], "—"),
        "nature": NATURES.get(row["nature"], "—"),
        "reoperation": REOPERATIONS.get(row["reoperation"], "—"),
        "verdict_code": row["verdict_code"] or "—",
    }


def typed_again(kept: Row) -> dict[str, str]:
    """A stored sheet as its form shows it."""
    values = {field.name: str(kept[field.name] or "") for field in FIELDS}
    return values | {"planned_at": values["planned_at"].replace(" ", "T")}


def the_stay(stays: list[Row], number: int) -> Row:
    for row in stays:
        if row["stay"] == number:
            return row
    raise Missing("没有这位住院病人。")


def first_stay(stays: list[Row], doctor: Row) -> int:
    """A patient of the own department, or the first of all."""
    code = doctor["dept_code"].strip()
    own = [row for row in stays if row["dept_code"].strip() == code]
    return int((own or stays)[0]["stay"])


def by_department(doctors: list[Row], doctor: Row) -> tuple[list[Row], list[Row]]:
    own = [row for row in doctors if row["dept_code"] == doctor["dept_code"]]
    others = [row for row in doctors if row["dept_code"] != doctor["dept_code"]]
    return own, others


def launch_link(doctor: Row, station: str, patient: int, visit: int) -> str:
    """Our own address; it is signed when it is followed, so it is never stale."""
    query = {"u": doctor["emp_no"], "st": station, "pid": patient, "vid": visit}
    return f"{reverse('launch')}?{urlencode(query)}"


@require_GET
def launch(request: HttpRequest) -> HttpResponse:
    """Sign now and go to the portal."""
    site = current()
    station = request.GET.get("st", "ZY")
    if station not in STATIONS:
        raise Missing("没有这种工作站。")
    parameters = launching.launch(
        operator(site.front, request.GET.get("u", "")),
        app=site.app,
        station=station,
        page="my",
        patient=request.GET.get("pid", "")[:32],
        visit=request.GET.get("vid", "")[:32],
    )
    site.last_launch = launching.signed(parameters, site.key)
    return to_portal(site.last_launch)


@require_GET
def faulty_launch(request: HttpRequest, fault: str) -> HttpResponse:
    """A link the portal must refuse, for showing that it does."""
    site = current()
    if fault not in launching.FAULTS:
        raise Missing("没有这种演示。")
    doctor = operator(site.front, request.GET.get("u", INPATIENT_DOCTOR))
    if fault != "replayed":
        query = launching.faulty(fault, doctor, app=site.app, key=site.key)
        return to_portal(query)
    if not site.last_launch:
        raise Missing("还没有打开过。请先在医生站点一次「医务权限」，再来重放。")
    return to_portal(site.last_launch)


def to_portal(query: str) -> HttpResponse:
    response: Any = HttpResponseRedirect(f"{current().portal_url}/sso/launch?{query}")
    response["Referrer-Policy"] = "no-referrer"
    return response  # type: ignore[no-any-return]
