"""A drop folder, with real files of real programs' shapes."""

from __future__ import annotations

import csv
import io
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from portal.his.contract.interfaces import V_YW_DOCTOR, V_YW_DOCTOR_PRIV, YW_PRIV_SAVE
from portal.his.contract.interfaces.surgery import V_YW_GRADE_DICT
from portal.his.files import folder as folders
from portal.his.files import tables
from portal.his.files.gateway import FilesGateway
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.opening import open_gateway
from tests.contract.conftest import message_for

pytestmark = [pytest.mark.real_time]

HEAD = [
    "emp_no",
    "his_emp_id",
    "姓名",
    "dept_code",
    "科室名称",
    "状态",
    "last_modified",
]
WANG = ["001027", "5027", "王建国", "0401", "普外科", "01", "2026-11-01 08:30:00"]
CHEN = ["001028", "5028", "陈静", "0401", "普外科", "01", "2026/1/3 8:05"]


def at_rest(path: Path) -> Path:
    """As if it had been written an hour ago."""
    hour_ago = datetime(2026, 11, 1, 9).timestamp()  # noqa: DTZ001 (any past moment)
    os.utime(path, (hour_ago, hour_ago))
    return path


def write_csv(
    folder: Path,
    rows: Iterable[Sequence[str]],
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    name: str = "V_YW_DOCTOR.csv",
) -> Path:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    path = folder / name
    path.write_bytes(out.getvalue().encode(encoding))
    return at_rest(path)


def write_xlsx(
    folder: Path, rows: Iterable[Sequence[Any]], view: str = "V_YW_DOCTOR"
) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    path = folder / f"{view}.xlsx"
    book.save(path)
    return at_rest(path)


def reading(folder: Path, options: str = "", seconds: float = 3) -> FilesGateway:
    return FilesGateway(f"files://{folder}{options}", seconds)


def report_of(folder: Path, view: str = "V_YW_DOCTOR") -> list[list[str]]:
    text = (folder / f"{view}.report.csv").read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("encoding", "options"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),  # as Excel saves "Unicode text"
        ("gbk", "?yw_encoding=gbk"),
        ("gbk", ""),
        ("utf-8", "?yw_encoding=gbk"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_is_read_in_any_encoding_and_with_any_separator(
    tmp_path: Path, encoding: str, options: str, separator: str
) -> None:
    write_csv(tmp_path, [HEAD, WANG, CHEN], encoding=encoding, separator=separator)

    first, second = reading(tmp_path, options).doctors()

    assert (first.emp_no, first.name, first.dept_name) == ("001027", "王建国", "普外科")
    assert first.last_modified == datetime(2026, 11, 1, 8, 30)  # noqa: DTZ001 (local)
    assert second.last_modified == datetime(2026, 1, 3, 8, 5)  # noqa: DTZ001 (local)
    assert (first.py, first.prac_valid_to) == ("", None)
    assert report_of(tmp_path)[1:] == [
        ["V_YW_DOCTOR.csv", "", "", "", "", "", "共 2 行，2 行可用，0 行隔离"]
    ]


def test_spreadsheet_gives_codes_days_and_moments_as_they_are_meant(
    tmp_path: Path,
) -> None:
    head = ["工号", "HIS 内部人员ID", "姓名", "科室编码", "科室名称", "状态"]
    head += ["执业注册有效期", "最后修改时间"]
    path = write_xlsx(
        tmp_path,
        [
            head,
            ["001027", 5027, " 王建国 ", "0401", "普外科", "01", date(2028, 6, 30), ""],
            [1028, "5028", "陈静", "0401", "普外科", "01", 46934, 46327.5],
        ],
    )
    book = openpyxl.load_workbook(path)
    book.active["A3"].number_format = "000000"
    book.active["H2"] = datetime(2026, 11, 1, 8, 30)  # noqa: DTZ001 (local)
    book.save(path)
    at_rest(path)

    first, second = reading(tmp_path).doctors()

    assert (first.emp_no, first.his_emp_id, first.name) == ("001027", "5027", "王建国")
    assert first.prac_valid_to == date(2028, 6, 30)
    assert second.emp_no == "001028"
    assert second.prac_valid_to == date(2028, 6, 30)
    assert second.last_modified == datetime(2026, 11, 1, 12)  # noqa: DTZ001 (local)
    assert report_of(tmp_path)[2:] == [
        [
            *("V_YW_DOCTOR.xlsx", "Sheet", "2", "B", "HIS 内部人员ID（his_emp_id）"),
            *("5027", "提示：单元格是数字，前导零可能已丢失；请把该列设为文本"),
        ]
    ]


def test_watermark_left_out_is_the_time_of_the_file(tmp_path: Path) -> None:
    write_csv(tmp_path, [HEAD[:-1], WANG[:-1]])
    changed_at = (tmp_path / "V_YW_DOCTOR.csv").stat().st_mtime
    (line,) = reading(tmp_path, "?yw_time_zone=UTC").doctors()
    expected = datetime.fromtimestamp(changed_at, UTC).replace(tzinfo=None)
    assert line.last_modified == expected


def test_formula_is_never_worked_out(tmp_path: Path) -> None:
    write_xlsx(tmp_path, [HEAD, ["=1+1", *WANG[1:]]])
    (line,) = reading(tmp_path).doctors()
    assert line.emp_no == ""  # no value was stored with it
    assert report_of(tmp_path)[2][5:] == ["", "键为空"]


def test_every_fault_stands_in_the_report_and_the_rows_still_come(
    tmp_path: Path,
) -> None:
    rows = [
        HEAD,
        WANG,
        [],
        [*WANG[:2], "", *WANG[3:5], "77", "gestern"],
        ["=cmd|'/c calc'!A1", *WANG[1:2], "+" * 51, *WANG[3:]],
    ]
    write_csv(tmp_path, rows)

    assert len(list(reading(tmp_path).doctors())) == 3

    assert report_of(tmp_path) == [
        ["文件", "工作表", "行", "列", "名称", "内容", "原因"],
        ["V_YW_DOCTOR.csv", "", "", "", "", "", "共 3 行，1 行可用，2 行隔离"],
        ["V_YW_DOCTOR.csv", "", "4", "C", "姓名（name）", "", "缺必填值"],
        ["V_YW_DOCTOR.csv", "", "4", "F", "状态（status）", "77", "代码不在代码表内"],
        [
            *("V_YW_DOCTOR.csv", "", "4", "G", "最后修改时间（last_modified）"),
            *("gestern", "不是日期"),
        ],
        [
            "V_YW_DOCTOR.csv",
            "",
            "4",
            "A",
            "工号（emp_no）",
            "001027",
            "键与前面的行重复",
        ],
        [
            "V_YW_DOCTOR.csv",
            "",
            "5",
            "C",
            "姓名（name）",
            f"'{'+' * 40}",
            "超过约定长度",
        ],
    ]


def test_report_is_written_anew_only_when_it_says_something_else(
    tmp_path: Path,
) -> None:
    write_csv(tmp_path, [HEAD, WANG])
    gateway = reading(tmp_path)
    list(gateway.doctors())
    report = at_rest(tmp_path / "V_YW_DOCTOR.report.csv")
    before = report.stat().st_ino, report.stat().st_mtime_ns

    list(gateway.doctors())
    assert (report.stat().st_ino, report.stat().st_mtime_ns) == before

    write_csv(tmp_path, [HEAD, WANG, CHEN])
    list(gateway.doctors())
    assert report.stat().st_mtime_ns != before[1]
    assert sorted(os.listdir(tmp_path)) == ["V_YW_DOCTOR.csv", "V_YW_DOCTOR.report.csv"]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (HEAD[1:], "表头缺少 工号（emp_no）"),
        ([*HEAD, " 工 号 "], "表头「工 号」重复"),
        ([], "V_YW_DOCTOR.csv 是空的"),
    ],
)
def test_heading_that_does_not_fit_names_what_is_wrong(
    tmp_path: Path, head: list[str], words: str
) -> None:
    write_csv(tmp_path, [head] if head else [])
    with pytest.raises(HisMisconfigured) as caught:
        list(reading(tmp_path).doctors())
    assert str(caught.value) == f"HIS_DSN: V_YW_DOCTOR 不可用 {words}"


def test_view_without_a_file_is_missing_and_not_empty(tmp_path: Path) -> None:
    with pytest.raises(HisMisconfigured, match="文件夹里没有 V_YW_PRIV_DICT.xlsx 或"):
        list(reading(tmp_path).privileges())


def test_two_files_of_one_view_are_refused(tmp_path: Path) -> None:
    write_csv(tmp_path, [HEAD, WANG])
    write_csv(tmp_path, [HEAD], name="v_yw_doctor.CSV")
    with pytest.raises(HisMisconfigured, match="请只留一个"):
        list(reading(tmp_path).doctors())


def test_name_counts_in_any_case(tmp_path: Path) -> None:
    write_csv(tmp_path, [HEAD, WANG], name="v_yw_doctor.CSV")
    assert len(list(reading(tmp_path).doctors())) == 1


@pytest.mark.parametrize("lock", ["~$V_YW_DOCTOR.csv", ".~lock.V_YW_DOCTOR.csv#"])
def test_file_open_in_an_office_program_waits(tmp_path: Path, lock: str) -> None:
    write_csv(tmp_path, [HEAD, WANG])
    (tmp_path / lock).touch()
    with pytest.raises(HisUnavailable, match="文件正被打开编辑"):
        list(reading(tmp_path).doctors())


@pytest.mark.slow
def test_file_that_grows_waits_until_it_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "LOOK_SECONDS", 0.2)
    path = tmp_path / "V_YW_DOCTOR.csv"
    path.write_text(",".join(HEAD) + "\n", encoding="utf-8")
    ends = time.monotonic() + 1

    def write_on() -> None:
        while time.monotonic() < ends:
            with path.open("a", encoding="utf-8") as file:
                file.write(",".join(WANG) + "\n")
            time.sleep(0.02)

    writer = threading.Thread(target=write_on)
    writer.start()
    with pytest.raises(HisUnavailable, match="文件仍在写入"):
        list(reading(tmp_path, seconds=0.6).doctors())
    rows = list(reading(tmp_path, seconds=5).doctors())
    writer.join()

    assert time.monotonic() > ends
    assert len(rows) == len(path.read_text(encoding="utf-8").splitlines()) - 1


def test_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "V_YW_DOCTOR.csv").symlink_to(write_csv(outside, [HEAD, WANG]))
    with pytest.raises(HisMisconfigured, match="V_YW_DOCTOR.csv 不能读取"):
        list(reading(inside).doctors())


def test_report_is_not_written_through_a_link(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("kept", encoding="utf-8")
    for name in ("V_YW_DOCTOR.report.csv", "V_YW_DOCTOR.report.csv.new"):
        (inside / name).symlink_to(victim)
    write_csv(inside, [HEAD, WANG])
    list(reading(inside).doctors())
    assert victim.read_text(encoding="utf-8") == "kept"
    assert not (inside / "V_YW_DOCTOR.report.csv").is_symlink()


def test_pipe_in_place_of_a_file_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "V_YW_DOCTOR.csv")
    with pytest.raises(HisMisconfigured, match="不是普通文件"):
        list(reading(tmp_path).doctors())


def test_folder_that_is_not_there_is_tried_again_later(tmp_path: Path) -> None:
    gateway = reading(tmp_path / "share")
    for act in (gateway.ping, lambda: list(gateway.doctors())):
        with pytest.raises(HisUnavailable, match="文件夹不能读取"):
            act()
    (tmp_path / "share").mkdir()
    assert gateway.ping() < 1


def bomb(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as member,
    ):
        for _megabyte in range(257):
            member.write(b" " * (1 << 20))


def no_book(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("word/document.xml", "<a/>")


def half(path: Path) -> None:
    write_xlsx(path.parent, [HEAD, WANG])
    path.write_bytes(path.read_bytes()[:-100])


def laughing(path: Path) -> None:
    """A sheet whose entities would be a billion words."""
    write_xlsx(path.parent, [HEAD, WANG])
    source = path.read_bytes()
    entities = "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "laugh " * 10}">'
        for n in range(10)
    )
    with (
        zipfile.ZipFile(io.BytesIO(source)) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.namelist():
            data = old.read(item)
            if item.endswith("sheet1.xml"):
                text = data.decode().replace("<sheetData>", "<sheetData>&a9;", 1)
                data = f"<!DOCTYPE x [{entities}]>{text}".encode()
            new.writestr(item, data)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (bomb, "解开后超过 256 MB"),
        (no_book, "不是 xlsx"),
        (half, "不是 xlsx"),
        (laughing, "V_YW_DOCTOR.xlsx"),
        (lambda path: path.write_bytes(b"no zip"), "不是 xlsx"),
    ],
)
def test_spreadsheet_that_is_none_names_the_file(
    tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "V_YW_DOCTOR.xlsx"
    spoil(path)
    at_rest(path)
    started = time.monotonic()
    with pytest.raises(HisMisconfigured, match=words):
        list(reading(tmp_path).doctors())
    assert time.monotonic() - started < 5


def test_file_past_the_limits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path, [HEAD, WANG, CHEN])
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    with pytest.raises(HisMisconfigured, match="超过 2 行"):
        list(reading(tmp_path).doctors())
    monkeypatch.setattr(folders, "LARGEST_FILE", 10)
    with pytest.raises(HisMisconfigured, match="超过 0 MB"):
        list(reading(tmp_path).doctors())


def test_text_that_ends_inside_quotes_names_the_row(tmp_path: Path) -> None:
    path = write_csv(tmp_path, [HEAD, WANG])
    path.write_bytes(path.read_bytes() + b'"001099')
    at_rest(path)
    with pytest.raises(HisMisconfigured, match="V_YW_DOCTOR.csv 第 3 行不能读取"):
        list(reading(tmp_path).doctors())


def test_broken_bytes_spoil_their_own_row_alone(tmp_path: Path) -> None:
    path = write_csv(tmp_path, [HEAD, WANG, CHEN], encoding="gbk")
    path.write_bytes(path.read_bytes().replace("陈静".encode("gbk"), b"\x81 \xff"))
    at_rest(path)
    first, second = reading(tmp_path, "?yw_encoding=gbk").doctors()
    assert first.name == "王建国"
    assert "\N{REPLACEMENT CHARACTER}" in second.name


def test_large_file_comes_in_batches(tmp_path: Path) -> None:
    rows = [[f"{number:06}", *WANG[1:]] for number in range(2500)]
    write_csv(tmp_path, [HEAD, *rows])
    sizes = [len(batch) for batch in reading(tmp_path).batches(V_YW_DOCTOR)]
    assert sizes == [1000, 1000, 500]


def test_line_is_found_by_its_key_and_changes_are_not_taken(tmp_path: Path) -> None:
    message = message_for("001027", "RX01")
    values = message.payload() | {"status": "1", "last_operator": "9001"}
    names = [name for name in V_YW_DOCTOR_PRIV.column_names if name in values]
    write_csv(
        tmp_path,
        [names, [values[name] for name in names]],
        name="V_YW_DOCTOR_PRIV.csv",
    )
    gateway = open_gateway(f"files://{tmp_path}", 3)

    line = gateway.doctor_privilege(message)
    assert line is not None
    assert line.valid_to == date(2027, 11, 30)
    assert gateway.doctor_privilege(message_for("001028", "RX01")) is None
    with pytest.raises(HisMisconfigured, match="文件夹不能接收变更"):
        gateway.save_privilege(message)
    with pytest.raises(HisMisconfigured, match="文件夹不能接收变更"):
        gateway.call(YW_PRIV_SAVE, {})


def test_number_of_a_spreadsheet_is_a_count_where_one_is_meant(tmp_path: Path) -> None:
    names = V_YW_GRADE_DICT.column_names
    given = {"grade_code": 4, "name": "四级", "sort_no": 4}
    row = [given.get(name, "") for name in names]
    write_xlsx(tmp_path, [names, row], "V_YW_GRADE_DICT")

    (read,) = reading(tmp_path).rows(V_YW_GRADE_DICT)

    by_name = dict(zip(names, read, strict=True))
    assert {name: by_name[name] for name in given} == {**given, "grade_code": "4"}


@pytest.mark.parametrize("dsn", ["files://host/x", "files:///", "files:///x?mode=1"])
def test_unusable_dsn_names_the_setting(dsn: str) -> None:
    with pytest.raises(HisMisconfigured, match="^HIS_DSN: "):
        FilesGateway(dsn, 1).ping()
