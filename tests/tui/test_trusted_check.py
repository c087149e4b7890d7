"""A check in the terminal goes by the keys that its target trusts."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import Color

from audittui.connection import Connection, Target
from audittui.demo.seal import demo_key, seal_demo
from audittui.integrity.tlog.keys import parse_verifier_key
from audittui.integrity.trust import Trust
from audittui.integrity.verifying.checkpoint_file import read_proof
from audittui.integrity.verifying.verdict import Verdict
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.tui.model.entry import check_entry
from audittui.tui.theme.palette import GOOD
from tests.tui.driving import (
    NOW,
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    running,
    screen_text,
)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def checked(trusted: bool) -> Verdict:
    layout = load_layout("native")
    store = filled(drafts())
    seal_demo(store, layout, ("app/0",), NOW)
    keys = (demo_key(store, "app/0"),) if trusted else ()
    connection = Connection(Target(store="case.db", trusted_keys=keys), store, layout)
    return check_entry(connection, Row(0, 0, ("app/0", 7), "app/0", 7)).verdict


def test_with_a_trusted_key_a_sealed_entry_is_anchored() -> None:
    assert checked(trusted=True).verdict == "ANCHORED"


def test_without_one_the_same_entry_is_not() -> None:
    verdict = checked(trusted=False)
    assert verdict.verdict != "ANCHORED"
    assert not verdict.failed


@driven
async def test_v_says_anchored_and_the_proof_is_written_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = filled(drafts())
    seal_demo(store, load_layout("native"), ("app/0",), NOW)
    key = demo_key(store, "app/0")
    async with running(store, target=Target(store="case.db", trusted_keys=(key,))) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "v", "j")
        assert "anchored" in screen_text(app).splitlines()[-22]
        first = app.main.results.render_line(1)
        green = [one.text for one in first if one.style and one.style.color == Color.parse(GOOD)]
        assert "".join(green).strip() == "anchored"
        await press(pilot, "k")
        await press(pilot, "enter")
        assert "ANCHORED" in screen_text(app)
        text = app.main.detail.entry.text
        assert "c2sp.org/tlog-proof@v1" in text
        assert "index 29" in text
        await press(pilot, "s")
        assert "This entry to a new file" in screen_text(app)
        await press(pilot, "enter")
        assert "Written to" in screen_text(app)
        stored = app.main.detail.document
        await press(pilot, "s", *["backspace"] * 60, *"one.json", "enter")
    (proof,) = tmp_path.glob("*.tlog-proof")
    proven = read_proof(proof.read_bytes(), Trust((parse_verifier_key(key),)))
    assert (proven.seq, proven.file.chain) == (29, "app/0")
    assert stored is not None
    assert (tmp_path / "one.json").read_bytes() == stored.text.encode() == proven.body
    assert proof.stat().st_mode & 0o777 == 0o600


@driven
async def test_without_a_proof_only_the_stored_text_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "enter", "s")
        assert "There is no proof: the entry is" in screen_text(app)
        await press(pilot, *["backspace"] * 60, *"x.tlog-proof", "enter")
        assert "end the name in .json" in screen_text(app)
        await press(pilot, "escape")
    assert not list(tmp_path.iterdir())
