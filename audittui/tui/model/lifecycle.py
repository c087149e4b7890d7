"""The lifecycle of a resource as the detail view reads it: the entries nearby, the rest on demand.

A busy resource has thousands of entries. Its first ones show how it was created, those around the
open entry show the context; those in between and after are read on demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from audittui.layout.row import Row
from audittui.runbook.live_conditions import within
from audittui.runbook.plan import Window
from audittui.tui.model.entry import Life, subject_of

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.query.result import Coverage
    from audittui.runbook.model import Runbook

FIRST = 50
"""Entries read from the beginning: all of them, for most resources."""
AROUND = 25
"""Entries read before and after the open one, if it is not among the first."""
STRETCH = 200
"""Entries read at a time on demand."""


class _Read(msgspec.Struct, frozen=True):
    rows: tuple[Row, ...]
    coverage: Coverage
    rcu: float
    strangers: Mapping[tuple[str, str | int], str]

    @property
    def fault(self) -> str:
        """Why reading ended early, in words; empty if it did not."""
        return self.coverage.text() if self.coverage.stop in ("error", "budget") else ""


def trace_resource(connection: Connection, runbook: Runbook, present: Row) -> Life:
    """The lifecycle of the resource of ``present``, as the lifecycle runbook finds it.

    One query if the first `FIRST` entries are all, or include the open one; otherwise two more,
    around it. Reading stops at the target's ``max_rcu``. Store errors are reported in ``fault``.
    Raises `AuditError` if it cannot be planned.
    """
    resource = present.resource
    first = _read(connection, runbook, resource, FIRST)
    rows, window = first.rows, first.coverage.window
    more = not first.coverage.complete
    life = Life(resource, rows, first.fault, first.rcu, -1, more, window, first.strangers)
    if not life.more or not rows or life.fault or any(row.key == present.key for row in rows):
        return life
    last = min(rows[-1].time, present.time)
    up_to = within(runbook, Window(last, present.time + 1), "newest")
    before = _read(connection, up_to, resource, AROUND, life.rcu)
    on = within(runbook, Window(present.time, window.end))
    after = _read(connection, on, resource, AROUND, life.rcu + before.rcu)
    known = {row.key for row in rows}
    near = {row.key: row for row in (*before.rows, *after.rows) if row.key not in known}
    return msgspec.structs.replace(
        life,
        rows=(*rows, *sorted(near.values(), key=lambda row: row.order)),
        fault=before.fault or after.fault,
        rcu=life.rcu + before.rcu + after.rcu,
        unread=len(rows) if near and not before.coverage.complete else -1,
        more=not after.coverage.complete,
        strangers={**life.strangers, **before.strangers, **after.strangers},
    )


def read_on(connection: Connection, runbook: Runbook, life: Life) -> Life:
    """``life`` with the next `STRETCH` unread entries: those in between first, then those after.

    Its ``rcu`` is the cost of this call. Raises `AuditError` if it cannot be planned.
    """
    rows, gap = life.rows, life.unread
    end = rows[gap].time + 1 if gap >= 0 else life.window.end
    last = rows[gap - 1] if gap >= 0 else rows[-1]
    # Entries at the same time are read again, and must not use up the whole read.
    moments = {last.time} if gap < 0 else {last.time, rows[gap].time}
    again = sum(row.time in moments for row in rows)
    asked = within(runbook, Window(last.time, end))
    read = _read(connection, asked, life.resource, STRETCH + again)
    known = {row.key for row in rows}
    new = tuple(row for row in read.rows if row.key not in known)
    strangers = {**life.strangers, **read.strangers}
    life = msgspec.structs.replace(life, fault=read.fault, rcu=read.rcu, strangers=strangers)
    done = read.coverage.complete
    if gap < 0:
        return msgspec.structs.replace(life, rows=rows + new, more=not done)
    met = done or any(row.key == rows[gap].key for row in read.rows)
    unread = -1 if met else gap + len(new)
    return msgspec.structs.replace(life, rows=rows[:gap] + new + rows[gap:], unread=unread)


def _read(
    connection: Connection, runbook: Runbook, resource: str, limit: int, spent: float = 0.0
) -> _Read:
    from audittui.query.execution import Execution
    from audittui.query.unregistered_rows import Strangers
    from audittui.runbook.planner import make_plan

    texts = {subject_of(runbook): resource}
    facts = connection.facts()
    plan = make_plan(runbook, texts, connection.layout, facts)
    target = connection.target
    budget = None if target.max_rcu is None else max(target.max_rcu - spent, 0.0)
    rows: list[Row] = []
    execution = Execution(plan, connection.store, limit=limit, max_rcu=budget, rate=target.rate)
    for page in execution.pages():
        rows += page.rows
    known = Strangers(connection.layout, facts.chains, connection.chains)
    strangers = {row.key: why for row in rows if (why := known.why(row))}
    return _Read(tuple(rows), page.coverage, page.meter.rcu, strangers)
