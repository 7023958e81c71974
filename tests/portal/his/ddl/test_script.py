"""The command, and what a script tells the DBA."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.his.ddl.engines import ENGINES
from portal.his.ddl.script import Kind, script, statements
from portal.his.mapping.loader import DEMO, TYPICAL, load

every_engine = pytest.mark.parametrize("name", sorted(ENGINES))


@every_engine
def test_command_writes_one_file_for_the_engine(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("his", "ddl", "--engine", name, "--out", str(tmp_path / "new"))

    target = tmp_path / "new" / f"demo_his_{name}.sql"
    assert capsys.readouterr().out == f"{target}\n"
    assert target.read_text(encoding="utf-8") == script(load(DEMO), ENGINES[name])


def test_command_prints_where_no_directory_is_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("his", "ddl", "--engine", "oracle", "--mapping", str(TYPICAL))
    assert capsys.readouterr().out == script(load(TYPICAL), ENGINES["oracle"])


def test_command_names_the_line_of_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text("[V_YW_NONE]\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"wrong\.toml:1: 约定中没有接口 V_YW_NONE"):
        call_command("his", "ddl", "--engine", "oracle", "--mapping", str(path))


def test_command_says_that_a_mapping_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="没有这个文件"):
        call_command(
            *("his", "ddl", "--engine", "oracle", "--mapping", str(tmp_path / "no"))
        )


@every_engine
def test_script_says_what_is_missing_and_what_the_vendor_writes(name: str) -> None:
    text = script(load(DEMO), ENGINES[name])
    head = text.split("\n\n")[0]
    assert "--   V_YW_OUTP_VISIT 门诊就诊情况查询：挂号记录没有时间" in head
    assert "--   YW_PRIV_SAVE 医生权限维护：演示 HIS 自带，可以演示拒收和故障" in head
    assert "-- 手术字典查询（T07）\n-- 暂缺：code_insurance（医保版编码）\n" in text


@every_engine
def test_every_view_and_function_has_a_comment_in_chinese(name: str) -> None:
    for statement in statements(load(TYPICAL), ENGINES[name]):
        if statement.kind is Kind.VIEW:
            assert statement.comment, statement.text


@every_engine
def test_account_gets_the_views_and_functions_and_nothing_else(name: str) -> None:
    found = statements(load(TYPICAL), ENGINES[name])
    granted = [one.text for one in found if one.kind is Kind.GRANT]
    if name == "sqlite":
        assert granted == []
        return
    reads = [text for text in granted if text.startswith("GRANT SELECT ON V_YW_")]
    calls = [text for text in granted if text.startswith("GRANT EXECUTE ON ")]
    revoked = [text for text in granted if text.startswith("REVOKE ALL ON FUNCTION")]
    assert len(reads) == 8
    assert len(calls) == 3
    assert len(granted) == len(reads) + len(calls) + len(revoked)
    assert all("yiwu" in text for text in reads + calls)


def test_oracle_gives_a_space_where_a_text_may_be_empty() -> None:
    text = script(load(TYPICAL), ENGINES["oracle"])
    assert "NVL(r.项目编码, ' ') AS item_code" in text
    assert "v.item_code = NVL(p_item_code, ' ')" in text
