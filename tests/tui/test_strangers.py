"""The list names the chain where rows are of several ones, and those that are of none."""

from __future__ import annotations

from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.tui.driving import NOW, drafts, driven, filled, open_runbook, press, running, screen_text

SIZE = (140, 30)


def with_stranger(store: SqliteStore) -> SqliteStore:
    """A row of the look-alike ``app/O`` in the buckets of ``app/0``."""
    found = dict(store.get(load_layout("native").key("app/0", 29)).item or {})
    store.overwrite({**found, "pk": "entry#app/O", "sk": f"{0:020d}"})
    return store


@driven
async def test_rows_of_one_chain_do_not_name_it() -> None:
    async with running(filled(drafts()), size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert "chain" not in app.main.results.source.titles


@driven
async def test_rows_of_several_chains_name_theirs() -> None:
    store = filled(drafts())
    AuditLog(store, "logins/0", clock=lambda: NOW - 10**6).append(Draft(actor="a", action="b"))
    async with running(store, size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert app.main.results.source.titles[-1] == "chain"
        assert "logins/0" in screen_text(app)
        assert "registry" not in screen_text(app)


@driven
async def test_a_row_of_a_chain_that_is_not_registered_is_named() -> None:
    async with running(with_stranger(filled(drafts())), size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        shown = screen_text(app)
        assert "app/O (not in the registry)" in shown
        assert "1 row is not of this log" in shown
