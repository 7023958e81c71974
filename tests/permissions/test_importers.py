"""The seed catalogue is loaded once and never undoes what the hospital set."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from permissions.enums import Category
from permissions.importers import SeedInvalid, load_catalogue, seed, seed_entries
from permissions.models import CatalogueVersion, Privilege, Regulation, Training
from permissions.queries.catalogue import catalogue_at, entry_of, present_entries
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
    # SI shows the item lines of SG03 and SG04 and has no entry of its own.
    assert set(Privilege.objects.order_by().values_list("category", flat=True)) == set(
        Category.values
    ) - {"SI"}


def test_load_again_keeps_what_was_changed(lin: User) -> None:
    load_catalogue()
    entry = privilege("SD06")
    entry.validity_months = 6
    with acting(by=lin, reason="药事委员会决定"):
        entry.save()
    assert load_catalogue() == 0
    assert privilege("SD06").validity_months == 6


def test_loaded_entries_refer_to_prerequisites_courses_and_regulations() -> None:
    load_catalogue()
    entry = entry_of(privilege("ND01"))
    assert (entry.requires, entry.trainings, entry.exams, entry.basis) == (
        ("RX01",),
        ("TR02",),
        ("TR02",),
        ("REG07", "REG08"),
    )
    assert entry_of(privilege("SG01")).scopes == ("A12", "A13", "A15", "A31")
    assert (Training.objects.count(), Regulation.objects.count()) == (18, 22)


def test_load_publishes_the_first_version(lin: User) -> None:
    load_catalogue(by=lin)
    version = CatalogueVersion.objects.get()
    assert (version.number, version.state, version.is_open) == (1, "PUBLISHED", False)
    assert version.revisions.count() == 78
    assert catalogue_at(1) == {entry.code: entry for entry in seed_entries()}
    assert present_entries() == catalogue_at(1)


def test_what_the_his_is_told_is_what_it_was_told_before() -> None:
    """The value each line carries; SG06 now says 执行."""
    load_catalogue()
    told = {one.code: one.his_value for one in Privilege.objects.order_by("sort")}
    assert (told["RX01"], told["AB02"], told["SG04"], told["SG08"]) == (
        "1",
        "2",
        "4",
        "1-4",
    )
    assert (told["SG05"], told["SG06"]) == ("1", "2")


def test_seed_with_a_circle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = seed._rows

    def bent(name: str) -> list[dict[str, str]]:
        found = rows(name)
        if name == "privileges":
            found[0]["requires"] = "RX02"
        return found

    monkeypatch.setattr(seed, "_rows", bent)
    with pytest.raises(SeedInvalid, match="RX01 → RX02 → RX01"):
        load_catalogue()
    assert not Privilege.objects.exists()


def test_command_says_how_many() -> None:
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    assert out.getvalue() == "新增 78 条\n"
