"""What a clerk types and what comes first, on the seed of 94 procedures."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from portal.audit.acting import acting
from surgery.enums import ProcedureCategory
from surgery.importers import load_seed_procedures
from surgery.models import Procedure, ProcedureAlias
from surgery.models.procedures import DerivedBypass
from surgery.queries.procedures import procedure_by_code, procedures_by_code
from surgery.queries.search import search

pytestmark = pytest.mark.django_db
SCOPES = "41.5x01 47.0100 51.2300 17.3300 17.3600 17.4200 48.6302 50.2205 55.5103 "
SCOPES += "65.2501 68.4100 17.1200x001 43.5x03"
UNDER_SCOPE = "47.0100 51.2300 48.6302 50.2205 55.5103 17.1200x001 43.5x03"
ALIASES = (
    ("51.2300", "腹腔镜胆囊摘除术"),
    ("51.2300", "LC"),
    ("81.5100", "人工全髋置换 THA"),
    ("74.1x00", "子宫下段剖腹产"),
)


@pytest.fixture
def catalogue() -> None:
    """The seed, some aliases, 51.2200 disabled, 50.3x00 with codes of other lists."""
    load_seed_procedures()
    with acting(by=None, reason="测试"):
        for code, alias in ALIASES:
            one = Procedure.objects.get(code=code)
            ProcedureAlias(procedure=one, name=alias).save()
        change("51.2200", is_enabled=False)
        change("50.3x00", code_insurance="50.3x01", his_item_id="9048")


def change(code: str, **fields: Any) -> None:
    one = Procedure.objects.get(code=code)
    for name, value in fields.items():
        setattr(one, name, value)
    with acting(by=None, reason="测试"):
        one.save()


def codes_of(text: str, **how: Any) -> str:
    return " ".join(one.code for one in search(text, **how))


CASES = [
    # Codes in any spelling: whole before beginning before inside; in use before not.
    ("51.2300", "51.2300"),
    ("512300", "51.2300"),
    ("５１．２３００", "51.2300"),
    ("51.23", "51.2300"),
    ("51.2", "51.2300 51.2200"),
    ("51", "51.1000 51.2300 51.2200 37.5100 39.5102 55.5103 80.5100 81.5100"),
    ("52.7x00", "52.7x00"),
    ("52.7X00", "52.7x00"),
    ("52.7×00", "52.7x00"),
    ("527x00", "52.7x00"),
    ("79.3600x013", "79.3600x013"),
    ("x013", "79.3600x013"),
    ("2300", "45.2300 51.2300 55.2300"),
    ("50.3x01", "50.3x00"),
    ("9048", "50.3x00"),
    # Names and aliases: whole, beginning, inside, the shorter first.
    ("胆囊切除术", "51.2200 51.2300"),
    ("腹腔镜下胆囊切除术", "51.2300"),
    ("胆囊", "51.2200 51.2300"),
    ("肺移植术", "33.5000"),
    ("腰椎", "03.3101 81.0801"),
    ("腹股沟", "53.0001 17.1200x001"),
    ("股骨", "79.3501"),
    (
        "移植",
        "33.5000 37.5100 55.6901 11.6400x001 50.5900x005 41.0800 86.6101",
    ),
    ("ercp", "51.1000"),
    ("ERCP", "51.1000"),
    ("ＥＣＭＯ", "39.6500"),
    ("鼓室成形术,I型", "19.4x01"),
    ("鼓室成形术，Ⅰ型", "19.4x01"),
    ("摘除", "51.2300"),
    ("LC", "51.2300 65.2501"),
    ("tha", "81.5100"),
    ("剖腹产", "74.1x00"),
    # First letters.
    ("fqj", SCOPES),
    ("FQJ", SCOPES),
    ("ｆｑｊ", SCOPES),
    ("fqjx", UNDER_SCOPE),
    ("fqjxdnqcs", "51.2300"),
    ("dnqcs", "51.2200 51.2300"),
    ("xzyz", "37.5100"),
    ("pfc", "74.1x00"),
    ("q", "41.5x00 96.0400 81.5100 81.5400 43.9901"),
    ("z", "69.0901 31.1x00x005 74.1x00 11.7100x002"),
    # Full pinyin.
    ("fuqiangjing", SCOPES),
    ("dannang", "51.2200 51.2300"),
    ("dannangqiechu", "51.2200 51.2300"),
    ("gan ye", "50.3x00"),
    # Several words, every one of them, the first counting most.
    ("fqj 胆囊", "51.2300"),
    ("胆囊 fqj", "51.2300"),
    ("fqj\u3000胆囊", "51.2300"),
    ("肝 切除", "50.3x00 50.2205"),
    ("gan fq", "50.2205"),
    ("50 fqj", "50.2205 65.2501"),
    ("51.2300 胆囊", "51.2300"),
    ("肺 移植", "33.5000"),
    ("镜 切除 叶", "32.4100"),
    ("胆囊 胆囊", "51.2200 51.2300"),
    ("胆囊 没有", ""),
    # Nothing, and what means something else to a database.
    ("没有这项手术", ""),
    ("", ""),
    ("   ", ""),
    ("%", ""),
    ("_", ""),
    ("[", ""),
    ("'; --", ""),
]


def test_search_finds_exactly_these_in_this_order(catalogue: None) -> None:
    assert len(CASES) >= 60
    found = [(typed, codes_of(typed, in_use=False)) for typed, _expected in CASES]
    assert found == CASES


def test_pickers_leave_out_what_is_not_in_use(catalogue: None) -> None:
    assert codes_of("胆囊") == "51.2300"


def test_search_stops_at_the_limit(catalogue: None) -> None:
    assert codes_of("fqj", limit=3) == "41.5x01 47.0100 51.2300"


def test_what_was_changed_is_found_at_once(catalogue: None) -> None:
    change("51.2300", name="腹腔镜胆囊摘除术", code_insurance="51.2399")
    assert codes_of("dnqcs") == ""
    assert codes_of("51.2399") == "51.2300"
    assert codes_of("fqjdnzcs") == "51.2300"


def test_dropped_alias_is_not_found_any_more(catalogue: None) -> None:
    alias = ProcedureAlias.objects.get(name="LC")
    alias.is_dropped = True
    with acting(by=None, reason="测试"):
        alias.save()
    assert codes_of("LC") == "65.2501"
    with acting(by=None, reason="测试"):
        ProcedureAlias.objects.filter(name="LC").update(is_dropped=False)
    assert codes_of("LC") == "51.2300 65.2501"


@pytest.mark.parametrize("typed", ["52.7x00", "52.7X00", "527×00", "５２.７ｘ００"])
def test_entry_is_got_by_any_spelling_of_its_code(catalogue: None, typed: str) -> None:
    entry = procedure_by_code(typed)
    assert entry is not None
    assert entry.code == "52.7x00"
    found = procedures_by_code([typed, "99.9999"])
    assert {code: one.code for code, one in found.items()} == {typed: "52.7x00"}


def test_many_changed_at_once_are_found_by_their_new_names(catalogue: None) -> None:
    rows = list(Procedure.objects.filter(code__in=["51.2300", "47.0100"]))
    for row in rows:
        row.name = f"试验{row.code}"
    with acting(by=None, reason="测试"):
        Procedure.objects.bulk_update(rows, ["name"])
    assert codes_of("shiyan") == "47.0100 51.2300"
    assert codes_of("LC") == "51.2300 65.2501"  # its alias stands


def test_update_that_would_leave_the_search_behind_is_refused(catalogue: None) -> None:
    before = Procedure.history.count()
    with acting(by=None, reason="测试"), pytest.raises(DerivedBypass):
        Procedure.objects.filter(code="51.2300").update(name="别的手术")
    assert Procedure.objects.get(code="51.2300").name == "腹腔镜下胆囊切除术"
    assert Procedure.history.count() == before


def test_second_spelling_of_a_code_is_no_second_entry(catalogue: None) -> None:
    twin = Procedure(code="52.7X00", name="别的", category=ProcedureCategory.SURGERY)
    with (
        acting(by=None, reason="测试"),
        pytest.raises(IntegrityError, match="code_key"),
    ):
        twin.save()
