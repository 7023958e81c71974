"""``manage.py set_password 9001``: when nobody else may set it, and to unlock."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.management.commands.create_admin import read_password
from portal.accounts.models import User
from portal.accounts.refusals import AccountRefusal
from portal.accounts.services import set_password


class Command(BaseCommand):
    help = "Set a user's password and unlock the account; to be changed at first login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("staff_no")
        parser.add_argument("--password-file", help="file with it (else asked)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(staff_no=options["staff_no"]).first()
        if user is None:
            raise CommandError("没有这个工号的账户。")
        password = read_password(options["password_file"], "新密码")
        try:
            set_password(user=user, password=password, by=None, reason="服务器上重设")
        except AccountRefusal as refusal:
            raise CommandError(str(refusal.text)) from None
        self.stdout.write("密码已设置，首次登录时须修改。")
