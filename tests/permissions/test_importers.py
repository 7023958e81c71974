"""The seed catalogue is loaded once and never undoes what the hospital set."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from permissions.enums import Category
from permissions.importers import load_catalogue
from permissions.models import Privilege
from portal.accounts.models import User
from portal.audit.acting import acting
from tests.permissions.ledger import privilege

pytestmark = pytest.mark.django_db


def test_load_adds_all_entries_once(lin: User) -> None:
    assert load_catalogue(by=lin) == 78
    assert load_catalogue(by=lin) == 0
    assert Privilege.objects.count() == 78
    assert privilege("RX01").history.get().history_user == lin


def test_loaded_entries_carry_rule_level_setting_and_span() -> None:
    load_catalogue()
    entry = privilege("AB03")
    assert (entry.name, entry.initials) == ("特殊使用级抗菌药物", "tssyjkjyw")
    assert (entry.category, entry.value_kind, entry.level) == ("AB", "LEVEL", "3")
    assert (entry.setting, entry.title_rule, entry.min_title_rank) == ("INP", "HARD", 4)
    assert (entry.validity_months, privilege("RX01").validity_months) == (12, None)
    assert privilege("SG04").validity_months == 12
    assert privilege("RX08").initials == "cqcfq"
    assert set(Privilege.objects.order_by().values_list("category", flat=True)) == set(
        Category.values
    )


def test_load_again_keeps_what_was_changed(lin: User) -> None:
    load_catalogue()
    entry = privilege("SD06")
    entry.validity_months = 6
    with acting(by=lin, reason="药事委员会决定"):
        entry.save()
    assert load_catalogue() == 0
    assert privilege("SD06").validity_months == 6


def test_command_says_how_many() -> None:
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    assert out.getvalue() == "新增 78 条\n"
