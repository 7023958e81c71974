"""Why a file was not taken, in words for the form it came from."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Text = str | Promise


class FileRefused(Exception):
    """Nothing was kept."""

    message: Text = ""

    def __init__(self, message: Text = "") -> None:
        if message:
            self.message = message
        super().__init__(str(self.message))


class FileEmpty(FileRefused):
    message = gettext_lazy("文件是空的。请重新选择。")


class FileTooLarge(FileRefused):
    def __init__(self, megabytes: int) -> None:
        super().__init__(
            _("文件超过 %(size)s MB。请删去无关的工作表或拆成几份。")
            % {"size": megabytes}
        )


class NotASheet(FileRefused):
    message = gettext_lazy(
        "不是 xlsx 或 csv 文件。旧的 xls 请用 Excel 或 WPS 另存为 xlsx 后再上传。"
    )


class SheetLocked(FileRefused):
    message = gettext_lazy("文件加了打开密码。请在 Excel 中取消密码后再上传。")


class SheetBroken(FileRefused):
    message = gettext_lazy(
        "文件已损坏，不能读取。请用 Excel 或 WPS 打开后另存一份再上传。"
    )


class SheetHasMacros(FileRefused):
    message = gettext_lazy("文件带有宏。请另存为「Excel 工作簿（xlsx）」后再上传。")


class SheetUnpacksTooLarge(FileRefused):
    message = gettext_lazy("文件解开后过大。请把需要的行复制到新的工作簿再上传。")


class TooManyRows(FileRefused):
    def __init__(self, most: int) -> None:
        super().__init__(_("超过 %(most)s 行。请拆成几份，分别导入。") % {"most": most})


class SheetMissing(FileRefused):
    message = gettext_lazy("文件中没有这个工作表。请重新选择。")
