"""Changes of the catalogue stand in the log: who collected, submitted, approved."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from portal.accounts.models import User
from tests.cast import lin, sign_in, su
from tests.pages import CheckedClient
from tests.permissions.catalogue_acts import draft, published, under_way
from tests.permissions.conftest import catalogue

__all__ = ["catalogue", "lin", "su"]
pytestmark = pytest.mark.usefixtures("catalogue")
LOG = "/log/?view=catalogue"


def rows(client: CheckedClient, query: str = "") -> list[tuple[Any, ...]]:
    found = client.get(f"{LOG}{query}").context["list"].rows
    return [
        (row.actor, row.who, row.what, str(row.before), str(row.after)) for row in found
    ]


def test_log_tells_every_step_of_a_version(
    client: CheckedClient, lin: User, su: User, clock: time_machine.Traveller
) -> None:
    published(lin, su, "SD06", validity_months=6)
    clock.shift(60)
    draft(su, "SD07", validity_months=6)
    clock.shift(60)
    draft(su, "SD05", validity_months=6)
    sign_in(client, lin)
    number = under_way().pk
    assert rows(client)[:2] == [
        ("苏晓岚", "权限字典", f"草稿 #{number} SD05", "", "修改草稿"),
        ("苏晓岚", "权限字典", f"草稿 #{number} SD07", "", "修改草稿"),
    ]
    steps = [(row[0], row[3], row[4]) for row in rows(client)]
    assert ("苏晓岚", "待审批", "已发布") in steps
    assert ("林若川", "草稿", "待审批") in steps
    assert ("林若川", "无", "草稿") in steps
    assert [row[2] for row in rows(client, "&q=SD07")][0].startswith("草稿 #")
    assert rows(client, "&q=没有的") == []


def test_entry_of_the_log_leads_to_the_version(
    client: CheckedClient, lin: User, su: User
) -> None:
    published(lin, su, "SD06", validity_months=6)
    sign_in(client, lin)
    [row] = [
        one
        for one in client.get(LOG).context["list"].rows
        if str(one.after) == "已发布"
    ]
    entry = client.get(row.url).context["entry"]
    facts = dict(entry.facts)
    assert facts["依据文号"] == "云医务〔2026〕88号"
    assert facts["原因"] == "委员会审定通过"
    [link] = entry.links
    assert client.get(link.url).status_code == 200


def test_what_came_with_the_installation_is_no_change(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    assert rows(client) == []
