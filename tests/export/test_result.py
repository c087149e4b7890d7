"""Exports: whole or called partial, never over another file, harmless wherever they are opened."""

from __future__ import annotations

import csv
import errno
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.errors import AuditError, UsageError
from audittui.export.markdown import table_line
from audittui.export.new_file import NewFile
from audittui.export.result import EXPORT, SUFFIXES, Extent, Form, write_result
from audittui.export.rows import csv_line

EXTENT = Extent(
    title="Actor activity: [x](http://evil)",
    command="audittui run actor-activity -p 'actor=a\x1b[31m`'",
    complete=True,
    covers="complete from 14:00:00 to 15:00:00",
)
ROWS: list[dict[str, Any]] = [
    {"time": "2026-11-24T14:00:00.000000Z", "actor": "=cmd|'/c calc'!A1", "seq": 1},
    {"time": "2026-11-24T14:00:01.000000Z", "actor": None, "seq": 2},
]
COLUMNS = ("time", "actor", "seq")


def write(path: Path, form: Form, extent: Extent = EXTENT, **named: Any) -> str:
    written = write_result(path, form, COLUMNS, ROWS, extent, **named)
    return written.path.read_text("utf-8")


def test_json_lines_end_with_what_they_are(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in write(tmp_path / "a", "jsonl").splitlines()]
    assert lines[:-1] == ROWS
    assert lines[-1][EXPORT]["complete"] is True
    assert lines[-1][EXPORT]["records"] == 2
    assert lines[-1][EXPORT]["covers"] == EXTENT.covers
    assert lines[-1][EXPORT]["command"] == EXTENT.command


def test_csv_is_csv_and_runs_no_formula(tmp_path: Path) -> None:
    records = list(csv.reader(io.StringIO(write(tmp_path / "a", "csv"))))
    assert {len(record) for record in records} == {4}
    assert records[0] == ["time", "actor", "seq", EXPORT]
    assert records[1][1] == "'=cmd|'/c calc'!A1"
    assert [record[3] for record in records[1:3]] == ["", ""]
    assert records[3] == ["", "", "", f"complete: 2 rows; {EXTENT.covers}"]


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_a_cell_that_begins_as_a_formula_is_text(first: str) -> None:
    for value in (first, first + "1+1", first + "cmd|' /C calc'!A0"):
        (record,) = csv.reader(io.StringIO(csv_line(["a", value, "b"])))
        assert record == ["a", "'" + value, "b"]
    (record,) = csv.reader(io.StringIO(csv_line(["1" + first + "1"])))
    assert record == ["1" + first + "1"]


def test_a_cell_holds_nothing_that_acts() -> None:
    line = csv_line(["\r=1", "\x1b[31m", "\u202e", "\x00", "\U000e0041", "é", "a\rb"])
    assert line == "\\u000d=1,\\u001b[31m,\\u202e,\\u0000,\\U000e0041,é,a\\u000db\n"


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_runs_and_no_record_is_split(values: list[str]) -> None:
    (record,) = csv.reader(io.StringIO(csv_line(values), newline=""))
    assert len(record) == len(values)
    for cell in record:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert cell.replace("\n", "").replace("\t", "").isprintable()


def test_markdown_shows_and_links_nothing(tmp_path: Path) -> None:
    text = write(tmp_path / "a", "markdown")
    assert text.splitlines()[0] == r"# Actor activity: \[x\](http:\//evil)"
    assert "\x1b" not in text
    assert r"=cmd\|'/c calc'\!A1" in text
    assert text.endswith("**Complete**: 2 rows; complete from 14:00:00 to 15:00:00.\n")


@pytest.mark.parametrize("form", SUFFIXES)
@pytest.mark.parametrize(
    "changes", [{"complete": False, "covers": "stopped at 14:37:12"}, {"selection": "2 of 9 rows"}]
)
def test_what_is_not_all_says_so_in_the_file(
    tmp_path: Path, form: Form, changes: dict[str, Any]
) -> None:
    named = {"title": "t", "command": "c", "complete": True, "covers": "all", **changes}
    last = write(tmp_path / "a", form, Extent(**named)).splitlines()[-1]
    for value in changes.values():
        assert value is False or value in last
    assert '"complete": false' in last or "partial" in last.lower()


def test_a_taken_name_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("mine")
    with pytest.raises(UsageError, match="already exists"):
        write(path, "csv")
    assert path.read_text() == "mine"
    file = NewFile(tmp_path / "b")
    with pytest.raises(UsageError, match="unfinished export"):
        NewFile(tmp_path / "b")
    file.write("new")
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UsageError, match="meanwhile"):
        file.keep()
    assert (tmp_path / "b").read_text() == "mine"
    assert file.partial.read_text() == "new"


@pytest.mark.parametrize("name", ["no/folder/a", "nul\x00", "x" * 300])
def test_a_name_that_cannot_be_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be written") as caught:
        write(tmp_path / name, "csv")
    assert "\x00" not in str(caught.value)


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    write(tmp_path / "a", "csv")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("form", SUFFIXES)
def test_a_cancelled_export_keeps_the_partial_name_and_says_so(tmp_path: Path, form: Form) -> None:
    told: list[int] = []
    written = write_result(
        tmp_path / "a", form, COLUMNS, ROWS * 1000, EXTENT,
        progress=told.append, cancelled=lambda: len(told) == 2,
    )  # fmt: skip
    assert written.cancelled
    assert written.path.name == "a.partial"
    assert (written.records, told) == (1000, [500, 1000])
    assert not (tmp_path / "a").exists()
    assert "cancelled" in written.path.read_text().splitlines()[-1]


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AuditError, match=r"The disk is full.*a\.partial") as caught:
        write(tmp_path / "a", "csv")
    assert "The loaded rows are kept" in caught.value.hint
    assert not (tmp_path / "a").exists()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_a_line_of_markdown_is_one_line_with_its_cells(values: list[str]) -> None:
    line = table_line(values)
    assert line.count("\n") == 1 and line.isprintable() is False
    assert line.rstrip("\n").isprintable()
    assert line.replace("\\\\", "").replace("\\|", "").count("|") == len(values) + 1
