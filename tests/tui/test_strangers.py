"""The list names the chain where rows are of several ones, and those that are of none."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import msgspec
import pytest

from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.tui.model.entry import compare_versions
from audittui.tui.model.rows import RowSource
from audittui.tui.widgets.field import Field
from audittui.writer import AuditLog
from tests import tampering
from tests.tui.driving import NOW, drafts, driven, filled, open_runbook, press, running, screen_text

SIZE = (140, 30)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_stranger(store: SqliteStore) -> SqliteStore:
    """A row of the look-alike ``app/O`` in the buckets of ``app/0``."""
    found = dict(store.get(load_layout("native").key("app/0", 29)).item or {})
    tampering.overwrite(store, {**found, "pk": "entry#app/O", "sk": f"{0:020d}"})
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
        assert "1 row does not belong to this log" in shown


@driven
async def test_what_is_exported_names_the_strangers() -> None:
    async with running(with_stranger(filled(drafts())), size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "s", "enter")
        (file,) = Path().glob("*.jsonl")
        *rows, statement = [json.loads(line) for line in file.read_text().splitlines()]
        assert [row["chain"] for row in rows if "stranger" in row] == ["app/O"]
        assert statement["_export"]["complete"] is False
        assert "app/O (not in the registry, 1)" in statement["_export"]["covers"]
        await press(pilot, "s")
        field = app.screen.query_one("#blank-file", Field)
        field.value = "rows.csv"
        await press(pilot, "enter")
        with Path("rows.csv").open(newline="") as lines:
            chains = [row["chain"] for row in csv.DictReader(lines)]
        assert chains.count("app/O (not in the registry)") == 1


@driven
async def test_a_group_with_strangers_is_marked_and_so_are_its_events() -> None:
    failed = [one for one in drafts() if one.outcome != "success"][:1] * 6
    failed = [msgspec.structs.replace(one, time=drafts()[-1].time) for one in failed]
    async with running(with_stranger(filled([*drafts()[:23], *failed, failed[0]])), size=SIZE) as (
        app,
        pilot,
    ):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        groups = app.main.results.source
        marked = [at for at in range(len(groups)) if "?" in groups.mark(at)]
        assert [groups.tone(at) for at in marked] == ["denied"]
        await press(pilot, *"j" * marked[0], "enter")
        assert isinstance(app.main.results.source, RowSource)
        await press(pilot, "s", "enter")
        (file,) = Path().glob("*.jsonl")
        *rows, _ = [json.loads(line) for line in file.read_text().splitlines()]
        assert [row["chain"] for row in rows if "stranger" in row] == ["app/O"]


@driven
async def test_rows_above_what_is_followed_stay_marked() -> None:
    async with running(with_stranger(filled(drafts())), size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "F")
        assert "app/O (not in the registry)" in screen_text(app)


@driven
async def test_exported_marks_name_the_strangers() -> None:
    async with running(with_stranger(filled(drafts())), size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "m", "j", "m", "j", "m", "M", "s", "enter")
        (file,) = Path().glob("*.jsonl")
        *rows, _ = [json.loads(line) for line in file.read_text().splitlines()]
        assert len(rows) == 3
        assert [row["chain"] for row in rows if "stranger" in row] == ["app/O"]


@driven
async def test_a_lifecycle_names_the_strangers_and_believes_nothing_of_them() -> None:
    store = filled(drafts())
    found = dict(store.get(load_layout("native").key("app/0", 25)).item or {})
    planted = {**found, "pk": "entry#app/O", "sk": f"{0:020d}", "action": "bucket.delete"}
    tampering.overwrite(store, planted)
    async with running(store, size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        at = next(at for at, row in enumerate(app.main.row_source.rows) if row.seq == 29)
        await press(pilot, *"j" * at, "R", "enter", "4")
        life = app.main.detail.life
        assert life is not None and list(life.strangers.values()) == ["not in the registry"]
        shown = screen_text(app)
        assert "not in the registry" in shown
        assert "deleted at" not in shown


@driven
async def test_no_version_is_compared_with_a_stranger() -> None:
    async with running(with_stranger(filled(drafts())), size=SIZE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "enter")
        life = app.main.detail.life
        assert life is not None
        version = compare_versions(app.workspace.connection, life, len(life.rows) - 1)
        assert {life.rows[at].chain for at in life.own} == {"app/0"}
        stranger = next(at for at in range(len(life.rows)) if at not in life.own)
        told = compare_versions(app.workspace.connection, life, stranger)
        assert told.lines is None and "not in the registry" in told.told
        assert version.row.chain == "app/0" or version.lines is None
