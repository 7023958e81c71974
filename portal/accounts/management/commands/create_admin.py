"""``manage.py create_admin``: the two administrators an installation begins with."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.refusals import AccountRefusal
from portal.accounts.services import FirstAdministrator, found_administrators

PEOPLE = (("system", "系统管理员"), ("security", "安全管理员"))


def read_password(file: str | None, question: str) -> str:
    """From the file, without its last line break; or asked for at the terminal."""
    if file is None:
        return getpass.getpass(f"{question}: ")
    try:
        return Path(file).read_text(encoding="utf-8").removesuffix("\n")
    except OSError as problem:
        raise CommandError(f"{file}: {problem.strerror}") from None


class Command(BaseCommand):
    help = (
        "Create the first system administrator and security administrator. "
        "Refuses once anybody holds a role. Both change the password at first login."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for key, _title in PEOPLE:
            parser.add_argument(f"--{key}-no", help="staff number (asked if missing)")
            parser.add_argument(f"--{key}-name", help="name (asked if missing)")
            parser.add_argument(
                f"--{key}-password-file", help="file with the password (else asked)"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        system, security = (self._person(key, title, options) for key, title in PEOPLE)
        try:
            found_administrators(system=system, security=security, reason="首次安装")
        except AccountRefusal as refusal:
            raise CommandError(str(refusal.text)) from None
        self.stdout.write("系统管理员和安全管理员已建立，首次登录时须修改密码。")

    def _person(
        self, key: str, title: str, options: dict[str, Any]
    ) -> FirstAdministrator:
        return FirstAdministrator(
            staff_no=options[f"{key}_no"] or input(f"{title}工号："),
            name=options[f"{key}_name"] or input(f"{title}姓名："),
            password=read_password(options[f"{key}_password_file"], f"{title}密码"),
        )
