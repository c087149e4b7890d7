"""Marks on entries: by key, along them, the list of them, and taking them away."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.connection import Target
from audittui.export.evidence.check import check_bundle
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.tlog.keys import SignerKey
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.tui.dialogs.marks import MarksScreen
from audittui.tui.dialogs.reader import ReaderScreen
from audittui.tui.model.marks import Marks
from tests.tui.driving import (
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    running,
    screen_text,
)

KEY = SignerKey("audit.example.com", bytes(range(32)))
TRUSTING = Target(store="case.db", trusted_keys=(KEY.verifier.text,))


def row(seq: int, chain: str = "c") -> Row:
    return Row(seq, seq, (chain, seq), chain, seq)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.text(max_size=3))))
def test_marks_are_in_the_order_of_marking_and_none_twice(
    steps: list[tuple[str, int, str]],
) -> None:
    marks = Marks()
    known: dict[tuple[str, int], str] = {}
    for chain, seq, note in steps:
        now = marks.toggle(row(seq, chain))
        assert now == (row(seq, chain) in marks) == ((chain, seq) not in known)
        if now:
            known[chain, seq] = note
            marks.annotate(row(seq, chain), note)
        else:
            del known[chain, seq]
    assert [(one.row.chain, one.row.seq, one.note) for one in marks] == [
        (*key, note) for key, note in known.items()
    ]


def test_entries_of_a_table_without_chains_are_told_apart() -> None:
    one, other = (Row(1, 1, (name, 1), "", -1) for name in "ab")
    marks = Marks()
    marks.toggle(one)
    assert one in marks
    assert other not in marks
    marks.annotate(other, "x")
    assert [mark.note for mark in marks] == [""]


@driven
async def test_m_marks_u_walks_and_the_list_says_so() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "u")
        assert "Nothing is marked yet" in screen_text(app)
        await press(pilot, "j", "m", "j", "j", "j", "m", "g")
        assert screen_text(app).count("*") == 2
        assert "2 entries now" not in screen_text(app).splitlines()[1]
        await press(pilot, "u")
        assert app.main.results.cursor == 1
        await press(pilot, "u")
        assert app.main.results.cursor == 4
        await press(pilot, "u")
        assert "No mark below in this list; M lists all 2." in screen_text(app)
        await press(pilot, "U", "enter", "m")
        assert len(app.workspace.marks) == 1
        await press(pilot, "u")  # in the detail view it opens the next
        assert app.main.pane == "detail"
        assert app.main.detail.row is not None
        assert app.main.detail.row.seq == 25


@driven
async def test_the_list_of_marks_is_annotated_and_opened() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "M")
        assert "Nothing is marked yet" in screen_text(app)
        await press(pilot, "escape", "m", "j", "j", "m", "M")
        assert "2 entries, all" in screen_text(app)
        await press(pilot, "j", "a")
        await pilot.press(*"key stolen?")
        await press(pilot, "enter")
        assert "key stolen?" in screen_text(app)
        await press(pilot, "k", "d")
        assert "1 entry, all" in screen_text(app)
        await press(pilot, "enter")
        assert app.main.pane == "detail"
        assert app.main.results.cursor == 2
        assert not isinstance(app.screen, MarksScreen)


@driven
async def test_marks_are_exported_with_their_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "m", "M", "a", "x", "enter", "s", "enter")
        assert "complete: 1 marked entry" in screen_text(app)
    (file,) = tmp_path.iterdir()
    first, last = map(json.loads, file.read_text().splitlines())
    assert (first["chain"], first["seq"], first["note"]) == ("app/0", 29, "x")
    assert last["_export"]["command"] == f"audittui evidence create --marks {file.name}"


@driven
async def test_an_evidence_bundle_is_made_of_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    store = filled(drafts())
    Sealer(store, load_layout("native"), "app/0", KEY).seal()
    async with running(store, target=TRUSTING) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "m", "j", "m", "M", "a", *"why", "enter", "e")
        assert "at most about 20 RCU" in screen_text(app)
        assert "It is not signed" in screen_text(app)
        await press(pilot, *["backspace"] * 60, *"case.zip", "enter")
        assert isinstance(app.screen, ReaderScreen)
        assert "2 ANCHORED" in screen_text(app)
        assert "are your word only" in screen_text(app)
        digest = next(one for one in screen_text(app).split() if len(one) == 64)
        await press(pilot, "escape", "M", "e")
        await press(pilot, *["backspace"] * 60, *"case.zip", "enter")
        assert "exists already" in screen_text(app)
    import hashlib

    data = (tmp_path / "case.zip").read_bytes()
    assert hashlib.sha256(data).hexdigest() == digest
    checked = check_bundle(data, [KEY.verifier])
    assert (checked.faults, checked.proven, checked.code) == ((), 2, 0)
    assert checked.manifest is not None
    assert [one.note for one in checked.manifest.entries] == ["why", ""]
    assert zipfile.is_zipfile(tmp_path / "case.zip")
