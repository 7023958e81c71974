"""Fills a GNU Health through its own client, as its users would.

Run in the environment GNU Health is installed in: ``fill.py CONFIG DATABASE``. Its rules
hold: an operation is confirmed with a room, and ends when the room's slot of time does.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Any

from proteus import Model, config

# GNU Health takes moments in UTC: one in the morning is nine in Shanghai.
OPERATED_AT = datetime(2026, 11, 20, 1, 0)  # noqa: DTZ001
PLANNED_AT = datetime(2026, 11, 25, 0, 30)  # noqa: DTZ001
SEEN_AT = datetime(2026, 11, 23, 16, 30)  # noqa: DTZ001 (half past midnight in Shanghai)


def new(model: str, **fields: Any) -> Any:
    row = Model.get(model)(**fields)
    row.save()
    return row


def one(model: str, **fields: Any) -> Any:
    (found,) = Model.get(model).find([(name, "=", fields[name]) for name in fields])
    return found


def person(ref: str, lastname: str, name: str, gender: str, **fields: Any) -> Any:
    return new(
        "party.party",
        ref=ref,
        lastname=lastname,
        name=name,
        gender=gender,
        dob=date(1975, 4, 12),
        is_person=True,
        create_target=False,
        **fields,
    )


def main() -> None:
    house = new("party.party", name="云溪市人民医院", is_institution=True)
    institution = new(
        "gnuhealth.institution",
        party=house,
        code="YX01",
        institution_type="hospital",
        public_level="public",
    )
    surgery, medicine = (
        new("gnuhealth.hospital.unit", institution=institution, code=code, name=name)
        for code, name in (("0401", "肝胆外科"), ("0301", "呼吸内科"))
    )
    room = new(
        "gnuhealth.hospital.or",
        institution=institution,
        name="3 号手术间",
        timeslot=185,
    )
    chen = doctors(institution, surgery, medicine)
    patients = [
        new("gnuhealth.patient", party=person(*words, is_patient=True))
        for words in (("P700112", "王", "建平", "m"), ("P810409", "杨", "子昂", "f"))
    ]
    drugs()
    operations(institution, room, chen, patients)
    illness = new("gnuhealth.pathology", code="J06.9", name="上呼吸道感染")
    visit = new(
        "gnuhealth.patient.evaluation",
        patient=patients[1],
        evaluation_type="outpatient",
        visit_type="new",
        evaluation_start=SEEN_AT,
        discharge_reason="home",
        chief_complaint="发热 3 天",
        diagnosis=illness,
        institution=institution,
    )
    visit.click("end_evaluation")


def doctors(institution: Any, surgery: Any, medicine: Any) -> Any:
    """Four: one of them in no unit, one who has left. The first is who logs in."""
    admin = one("res.user", login="admin")
    made = []
    for ref, lastname, name, gender, licence, unit, user, active in (
        ("001027", "陈", "景行", "m", "110441900001027", surgery, admin, True),
        ("001055", "罗", "景文", "m", "110441900001055", medicine, None, True),
        ("001188", "林", "若谷", "f", "110441900001188", None, None, True),
        ("001900", "周", "远", "m", "110441900001900", surgery, None, False),
    ):
        party = person(
            ref, lastname, name, gender, is_healthprof=True, internal_user=user
        )
        made.append(
            new(
                "gnuhealth.healthprofessional",
                party=party,
                code=licence,
                institution=institution,
                institution_unit=unit,
                active=active,
            )
        )
    return made[0]


def drugs() -> None:
    unit = one("product.uom", symbol="u")
    for name, code, component in (
        ("某商品名", "XY0218", "头孢哌酮钠舒巴坦钠"),
        ("阿莫西林胶囊", "XY0101", ""),
    ):
        template = Model.get("product.template")(
            name=name, type="goods", default_uom=unit
        )
        (product,) = template.products
        product.suffix_code = code
        product.is_medicament = True
        template.save()
        new(
            "gnuhealth.medicament",
            product=template.products[0],
            active_component=component,
            presentation="1.5 g×1 瓶",
        )


def operations(institution: Any, room: Any, surgeon: Any, patients: list[Any]) -> None:
    """One done, one planned."""
    for patient, code, kind, start in (
        (patients[0], "50.3", "e", OPERATED_AT),
        (patients[1], "51.22", "o", PLANNED_AT),
    ):
        case = new(
            "gnuhealth.surgery",
            patient=patient,
            surgeon=surgeon,
            main_procedure=one("gnuhealth.procedure", name=code),
            classification=kind,
            surgery_date=start,
            anesthesia_type="general",
            laterality="left",
            operating_room=room,
            institution=institution,
        )
        case.click("confirmed")
        if start == OPERATED_AT:
            case.click("start")
            case.click("done")
            # The buttons write the moment they are pressed; the record is corrected.
            case.surgery_date = start
            case.save()


if __name__ == "__main__":
    config.set_trytond(sys.argv[2], user="admin", config_file=sys.argv[1])
    main()
