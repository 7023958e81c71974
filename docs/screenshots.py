"""The pictures of README and docs, from the running demo: ``make screenshots``.

Starts the demo on free ports with a fresh database, lets the persons do what the
pictures show, and writes them to ``docs/images``. Chromium and the fonts of the machine
decide how they look: look at them before they are committed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import pack, unpack

import django
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from portal.desk.demo.accounts import PASSWORD  # noqa: E402
from tests.demo_stack import DemoStack, running_demo  # noqa: E402
from tests.services import chromium_binary  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1366, "height": 768}
LARGEST = 200_000
OFFICER, HEAD, DOCTOR = "2031", "2003", "1027"
COLORS = 256
SIGNATURE = b"\x89PNG\r\n\x1a\n"


# --- small files: what a screen shows needs no more than 256 colors -------------------


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return pack(">I", len(content)) + kind + content + pack(">I", checksum)


def pixels_of(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the colors of a true-color PNG, row after row."""
    parts = list(chunks(png))
    width, height, depth, kind = unpack(">IIBB", dict(parts)[b"IHDR"][:10])
    if depth != 8 or kind not in (2, 6):
        raise ValueError(f"not a true-color PNG: depth {depth}, kind {kind}")
    size = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(one for name, one in parts if name == b"IDAT"))
    stride = width * size
    colors: list[bytes] = []
    above = bytearray(stride)
    for number in range(height):
        start = number * (stride + 1)
        row = bytearray(raw[start + 1 : start + 1 + stride])
        unfilter(raw[start], row, above, size)
        colors += [bytes(row[at : at + 3]) for at in range(0, stride, size)]
        above = row
    return width, height, colors


def unfilter(kind: int, row: bytearray, above: bytearray, size: int) -> None:
    """Undo the filter of one row in place (PNG specification, chapter 9)."""
    if kind == 0:
        return
    for at in range(len(row)):
        left = row[at - size] if at >= size else 0
        corner = above[at - size] if at >= size else 0
        guess = (left, above[at], (left + above[at]) // 2, 0)[kind - 1]
        if kind == 4:
            guess = paeth(left, above[at], corner)
        row[at] = (row[at] + guess) & 255


def paeth(left: int, above: int, corner: int) -> int:
    straight = left + above - corner
    return min(
        (abs(straight - left), 0, left),
        (abs(straight - above), 1, above),
        (abs(straight - corner), 2, corner),
    )[2]


def with_palette(png: bytes) -> bytes:
    """The same picture in 256 of its colors; the others take the nearest."""
    width, height, colors = pixels_of(png)
    palette = palette_of(Counter(colors))
    place = {color: number for number, color in enumerate(palette)}
    for color in set(colors) - set(place):
        place[color] = min(range(len(palette)), key=lambda n: far(palette[n], color))
    numbers = bytes(place[color] for color in colors)
    rows = b"".join(
        b"\0" + numbers[at : at + width] for at in range(0, len(numbers), width)
    )
    return b"".join(
        [
            SIGNATURE,
            chunk(b"IHDR", pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", b"".join(palette)),
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        ]
    )


def palette_of(times: Counter[bytes]) -> list[bytes]:
    """The most frequent color of each neighborhood, so that a rare hue is kept."""
    kept: dict[tuple[int, ...], bytes] = {}
    weight: Counter[tuple[int, ...]] = Counter()
    for color, count in times.most_common():
        neighborhood = tuple(part >> 4 for part in color)
        kept.setdefault(neighborhood, color)
        weight[neighborhood] += count
    main = [kept[place] for place, _count in weight.most_common(COLORS)]
    taken = set(main)
    rest = [color for color, _count in times.most_common() if color not in taken]
    return main + rest[: COLORS - len(main)]


def far(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


# --- the persons ----------------------------------------------------------------------


class Studio:
    """Opens pages of the demo and takes their pictures."""

    def __init__(self, browser: Browser, demo: DemoStack) -> None:
        self.browser = browser
        self.demo = demo

    def new_page(self, base_url: str, width: int = SIZE["width"]) -> Page:
        context = self.browser.new_context(
            base_url=base_url,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": SIZE["height"]},
            reduced_motion="reduce",
        )
        return context.new_page()

    def logged_in(self, staff_no: str) -> Page:
        page = self.new_page(self.demo.portal_url)
        page.goto("/")
        page.get_by_label("工号").fill(staff_no)
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(f"{self.demo.portal_url}/")
        return page

    def take(self, page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)
        picture = with_palette(page.screenshot())
        if len(picture) > LARGEST:
            raise SystemExit(f"{name}.png has {len(picture)} bytes")
        (IMAGES / f"{name}.png").write_bytes(picture)
        print(f"docs/images/{name}.png {len(picture) // 1024} KB")  # noqa: T201


def office(studio: Studio) -> None:
    """An approval under way, the lists, the doctor's page, the log."""
    head = studio.logged_in(HEAD)
    head.goto("/applications/")
    head.locator("tbody tr", has_text="罗景文").last.get_by_role("link").first.click()
    head.get_by_role("radio", name="同意", exact=True).check()
    head.get_by_label("说明").fill("材料齐全，例数达到要求，同意授权")
    studio.take(head, "application")
    head.get_by_role("button", name="提交结论").click()
    head.get_by_text("已同意").first.wait_for()
    head.goto("/privileges/")
    head.locator("tbody tr").first.get_by_text("一致").wait_for(timeout=30_000)
    studio.take(head, "privileges")
    head.goto(f"/doctors/{DOCTOR}/")
    studio.take(head, "doctor")
    head.goto("/log/")
    studio.take(head, "log")
    officer = studio.logged_in(OFFICER)
    studio.take(officer, "home")


def his_down(studio: Studio) -> None:
    """A change waits while the HIS is down; the page says where and why."""
    flip(studio, "打开停机")
    officer = studio.logged_in(HEAD)
    officer.goto("/privileges/?q=50.2205")
    row = officer.locator("tbody tr").first
    row.locator("summary").click()
    row.get_by_role("button", name="暂停", exact=True).click()
    drawer = officer.get_by_role("dialog")
    drawer.get_by_label("原因代码").select_option("08")
    drawer.get_by_label("说明").fill("年度评估超期，先行暂停")
    drawer.get_by_role("button", name="确认暂停 1 项").click()
    officer.wait_for_timeout(4_000)
    officer.goto("/his/")
    officer.locator(".if > a").first.wait_for()
    # Where it waits and why stands below the tiles.
    officer.locator("#his-queue ~ div tbody").scroll_into_view_if_needed()
    studio.take(officer, "his")
    flip(studio, "关闭停机")


def flip(studio: Studio, wanted: str) -> None:
    page = studio.new_page(studio.demo.his_url)
    page.goto("/switches")
    page.get_by_role("button", name=wanted).first.click()
    page.context.close()


def doctors(studio: Studio) -> None:
    """The stations, and what the doctor sees."""
    sheet = studio.new_page(studio.demo.his_url)
    sheet.goto(f"/station/inpatient?u={DOCTOR}")
    sheet.select_option("[name=surgeon]", DOCTOR)
    sheet.select_option("[name=procedure]", "51.2300")
    sheet.locator(".yw-c.ok").first.wait_for()
    for group, answer in (
        ("是否计划手术", "计划"),
        ("手术性质", "择期"),
        ("再次手术类型", "非再次"),
    ):
        box = sheet.get_by_role("radiogroup", name=group)
        box.get_by_role("radio", name=answer, exact=True).check()
    studio.take(sheet, "station-inpatient")
    station = studio.new_page(studio.demo.his_url)
    station.goto(f"/station/outpatient?u={DOCTOR}")
    with station.context.expect_page() as opened:
        station.get_by_role("link", name="医务权限").click()
    own = opened.value
    own.wait_for_url(f"{studio.demo.portal_url}/my/")
    own.set_viewport_size({"width": 900, "height": SIZE["height"]})
    studio.take(own, "my-privileges")


@contextmanager
def studio() -> Iterator[Studio]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_binary(),
            args=["--disable-dev-shm-usage", "--force-color-profile=srgb"],
        )
        with running_demo(Path(folder) / "var") as demo:
            yield Studio(browser, demo)
        browser.close()


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with studio() as made:
        office(made)
        doctors(made)
        his_down(made)


if __name__ == "__main__":
    main()
