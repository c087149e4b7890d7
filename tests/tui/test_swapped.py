"""A verdict stands beside what it judged and nothing else, however the store changes meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from audittui.connection import Target
from audittui.demo.seal import demo_key, seal_demo
from audittui.entry import hash_body
from audittui.layout import load_layout
from audittui.store.port import Found, Page, Query
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from tests import tampering
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

KEY = load_layout("native").key("app/0", 29)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def place_of(item: Any) -> tuple[Any, Any]:
    return item["pk"], item["sk"]


class TwoFaced(SqliteStore):
    """Answers ``single`` reads with one item and ranges of the base table with another."""

    single: Any = None
    ranged: Any = None

    def get(self, key: Any, *given: Any, **named: Any) -> Found:
        found = super().get(key, *given, **named)
        if self.single is not None and place_of(key) == place_of(KEY):
            return Found(self.single, found.rcu)
        return found

    def query(self, request: Query, *given: Any, **named: Any) -> Page:
        page = super().query(request, *given, **named)
        if self.ranged is None or request.index:
            return page
        items = [self.ranged if place_of(item) == place_of(KEY) else item for item in page.items]
        return msgspec.structs.replace(page, items=items)


def sealed() -> tuple[SqliteStore, Target, Any, Any]:
    """A sealed log, who trusts its key, the genuine item and a forged one that agrees with itself
    but names another actor."""
    store = filled(drafts())
    seal_demo(store, load_layout("native"), ("app/0",), NOW)
    target = Target(store="case.db", trusted_keys=(demo_key(store, "app/0"),))
    genuine = store.get(KEY).item
    assert genuine is not None
    body = str(genuine["body"]).replace('"alice"', '"mallo"')
    forged = {**genuine, "body": body, "hash": hash_body(body.encode()), "actor": "mallo"}
    return store, target, dict(genuine), forged


@asynccontextmanager
async def listed(store: SqliteStore, target: Target) -> AsyncIterator[tuple[AuditApp, Pilot[None]]]:
    async with running(store, target=target, size=(120, 40)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        yield app, pilot


def shown(app: AuditApp) -> str:
    return app.main.detail.entry.text


def consistent(app: AuditApp) -> None:
    """What is shown is what was judged: its hash says so, and fields and body agree."""
    detail = app.main.detail
    assert detail.verdict is not None and detail.document is not None
    assert detail.verdict.body_hash == hash_body(detail.document.text.encode()).hex()
    assert detail.document.row is not None
    assert f'"actor":"{detail.document.row.actor}"' in detail.document.text


@driven
async def test_a_forged_entry_that_is_put_right_while_it_is_open_is_shown_as_it_is_then() -> None:
    store, target, genuine, forged = sealed()
    tampering.overwrite(store, forged)
    async with listed(store, target) as (app, pilot):
        await press(pilot, "enter")
        assert "mallo" in shown(app) and app.main.detail.verdict is not None
        assert app.main.detail.verdict.failed
        consistent(app)
        tampering.overwrite(store, genuine)
        await press(pilot, "v")
        assert app.main.detail.verdict.verdict == "ANCHORED"
        consistent(app)
        body = app.main.detail.document
        assert body is not None and "mallo" not in body.text
        assert "Changed while it was open" in shown(app)
        assert "Changed since it was listed, or listed wrongly: actor." in shown(app)
        assert "actor       alice  (the list showed mallo)" in shown(app)
        # The row in the list still shows the forged actor: nothing there may be green.
        await press(pilot, "escape")
        assert app.main.row_source is not None
        assert app.main.row_source.cells(0)[0] == "INDEX MISMATCH"
        await press(pilot, "r", "v")
        assert app.main.row_source is not None
        assert app.main.row_source.cells(0)[0] == "anchored"


@driven
async def test_a_genuine_entry_that_is_forged_while_it_is_open_is_shown_as_it_is_then() -> None:
    store, target, _, forged = sealed()
    async with listed(store, target) as (app, pilot):
        await press(pilot, "enter")
        assert app.main.detail.verdict is not None
        assert app.main.detail.verdict.verdict == "ANCHORED"
        assert "Changed while it was open" not in shown(app)
        tampering.overwrite(store, forged)
        await press(pilot, "v")
        assert app.main.detail.verdict.failed
        consistent(app)
        assert "mallo" in shown(app) and "Changed while it was open" in shown(app)


@driven
async def test_an_entry_that_goes_while_it_is_open_is_not_shown_beside_missing() -> None:
    store, target, _, _ = sealed()
    seven = load_layout("native").key("app/0", 28)
    async with listed(store, target) as (app, pilot):
        await press(pilot, "j", "enter")
        tampering.delete(store, seven)
        await press(pilot, "v")
        assert app.main.detail.verdict is not None
        assert app.main.detail.verdict.verdict == "MISSING"
        document = app.main.detail.document
        assert document is not None and not document.text
        assert "no longer in the" in shown(app)


@pytest.mark.parametrize("forging", ["single", "ranged"])
@driven
async def test_two_reads_that_differ_at_the_first_opening(forging: str) -> None:
    store, target, _, forged = sealed()
    store.__class__ = TwoFaced
    async with listed(store, target) as (app, pilot):
        setattr(store, forging, forged)
        await press(pilot, "enter")
        consistent(app)
        verdict = app.main.detail.verdict
        assert verdict is not None and verdict.failed is (forging == "ranged")
        assert ("mallo" in shown(app)) is (forging == "ranged")


@pytest.mark.parametrize("keys", [("v",), ("V",)])
@driven
async def test_a_row_that_is_not_what_is_stored_is_never_anchored_in_the_list(
    keys: tuple[str, ...],
) -> None:
    store, target, genuine, forged = sealed()
    tampering.overwrite(store, forged)
    async with listed(store, target) as (app, pilot):
        tampering.overwrite(store, genuine)
        await press(pilot, *keys)
        source = app.main.row_source
        assert source is not None
        assert source.cells(0)[0] == "INDEX MISMATCH" and source.first_tone(0) == ""
        if keys == ("V",):
            assert source.cells(1)[0] == "anchored"
            assert "1 INDEX MISMATCH" in screen_text(app)
        else:
            assert "Changed since it was listed" in screen_text(app)
