"""A check in the terminal goes by the keys that its target trusts."""

from __future__ import annotations

from pathlib import Path

import pytest

from audittui.connection import Connection, Target
from audittui.demo.seal import demo_key, seal_demo
from audittui.integrity.verdict import Verdict
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.tui.inspection import check_entry
from tests.tui.driving import NOW, drafts, filled


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
    return check_entry(connection, Row(0, 0, ("app/0", 7), "app/0", 7))


def test_with_a_trusted_key_a_sealed_entry_is_anchored() -> None:
    assert checked(trusted=True).verdict == "ANCHORED"


def test_without_one_the_same_entry_is_not() -> None:
    verdict = checked(trusted=False)
    assert verdict.verdict != "ANCHORED"
    assert not verdict.failed
