"""A query followed live, as the screen holds it: rows added at the end as they arrive, and notes
between them about the following itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from audittui import timestamp
from audittui.errors import AuditError, StoreError
from audittui.layout.row import Row
from audittui.tui.model.rows import RowSource

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.investigate.tail import Tail, TailBatch
    from audittui.query.result import ResultPage
    from audittui.query.unregistered_rows import Strangers
    from audittui.runbook.model import Runbook
    from audittui.runbook.plan import Plan

FRESH = 60 * timestamp.SECOND
"""A read no older than this is continued by following, with everything written since."""
CONTEXT = 200
"""Rows read earlier that are kept above the line where following started."""


class Followable(Protocol):
    """What can be followed: a run, with the rows read so far."""

    runbook: Runbook
    texts: dict[str, str]
    plan: Plan
    connection: Connection
    rows: RowSource
    strangers: Strangers
    last: ResultPage | None
    max_rcu: float | None

    @property
    def complete(self) -> bool:
        """True when all that there is in the window was read."""
        ...


class Live:
    """``run``, followed. Everything but `batches` belongs to the screen's thread.

    Rows are always added at the end, oldest first, whatever the order of the run: rows in view do
    not move. While ``state`` is "following" the cursor stays at the end; while "paused" rows keep
    arriving and ``new`` counts them; while "stopped" nothing is read.
    """

    def __init__(self, run: Followable) -> None:
        self.run = run
        self.source = RowSource(run.rows.columns, run.rows.marks, run.strangers)
        self.state: Literal["following", "paused", "stopped"] = "stopped"
        self.new = self.came = self.missed = 0
        self.batch: TailBatch | None = None
        self.tail: Tail | None = None
        self.trouble = ""
        self.renoted: int | None = None
        """The index of the note changed last."""
        self._spent = 0.0
        self._since: int | None = None
        self._cursor = ""
        self._lost: tuple[int, str] | None = None
        self._lost_after = 0
        self._context = self._before()
        self._known = {(row.chain, row.seq) for row in self._context}
        self.source.add(self._context)

    def _before(self) -> list[Row]:
        """The newest rows read earlier, oldest first."""
        rows = self.run.rows.rows
        if self.run.plan.order == "newest":
            return rows[:CONTEXT][::-1]
        return rows[-CONTEXT:] if self.run.complete else []

    def start(self, told: Callable[[StoreError | None], None]) -> Tail:
        """Start to follow, or resume where it stopped. ``told`` is called from threads with errors
        that are being retried."""
        from audittui.investigate.tail import Tail
        from audittui.store.asked import AskedStore

        run = self.run
        moment = _clock()
        if self._cursor:
            self.source.note(f"following resumed {moment}; nothing was skipped")
        elif self._joins():
            last = run.last
            assert last is not None
            end = run.plan.window.end
            known = last.coverage.unsettled or last.coverage.as_of
            self._since = known if end is None else min(known, end)
            self.source.note(f"following started {moment}; the rows above were read earlier")
        elif self._context:
            self.source.note(
                f"following started {moment}; nothing was read between the rows above and this line"
            )
        else:
            self.source.note(f"following started {moment}")
        connection = run.connection
        watched = AskedStore(connection.store, told)
        self._spent += self.batch.meter.rcu if self.batch is not None else 0.0
        self.batch, self.trouble, self._lost = None, "", None
        self.state, self.new = "following", 0
        self.tail = Tail(
            run.runbook,
            run.texts,
            msgspec.structs.replace(connection, store=watched),
            since=self._since,
            cursor=self._cursor,
            now=timestamp.now,
            max_rcu=run.max_rcu,
        )
        return self.tail

    def _joins(self) -> bool:
        """True if the rows read earlier reach up to a moment ago."""
        last = self.run.last
        if last is None or not last.coverage.as_of:
            return False
        end = self.run.plan.window.end
        # "Up to now" was resolved by the plan, a moment before reading.
        reaches = end is None or end >= (self.run.plan.now or last.coverage.as_of)
        reaches = reaches and timestamp.now() - last.coverage.as_of <= FRESH
        newest = self.run.plan.order == "newest" and last.coverage.reached is not None
        return reaches and (newest or self.run.complete)

    @property
    def rcu(self) -> float:
        """Read units used by following so far."""
        return self._spent + (self.batch.meter.rcu if self.batch is not None else 0.0)

    def take(self, batch: TailBatch) -> None:
        """Keep a batch."""
        if self._lost is None:
            self.trouble = ""
        elif batch.polls > self._lost_after + 1:
            # A failing poll first returns what it has; only the next one counts as complete.
            self.trouble = ""
            at, since = self._lost
            self.source.renote(at, f"{since}, back {_clock()}; entries written meanwhile follow")
            self._lost, self.renoted = None, at
        rows = [row for row in batch.rows if (row.chain, row.seq) not in self._known]
        self.source.add(rows)
        for sentence in batch.missed:
            self.missed += 1
            self.source.note(f"possibly missed {_clock()}: {sentence}")
        self.came += len(rows)
        if self.state == "paused":
            self.new += len(rows)
        self.batch = batch

    def wait(self, error: StoreError) -> None:
        """An error is being retried: note a lost connection or a failing service in the list."""
        if error.kind == "network":
            what = error.brief or "connection lost"
            if self._lost is None:
                since = f"{what} {_clock()}"
                self._lost_after = self.batch.polls if self.batch is not None else 0
                self._lost = (self.source.note(since), since)
            self.trouble = f"{what}, retrying"
        else:
            self.trouble = error.message

    def stop(self) -> None:
        """Stop reading; `start` resumes from here."""
        if self.tail is not None:
            self.tail.cancel()
            self._cursor = self.tail.cursor or self._cursor
            self.tail = None
        self.state = "stopped"

    def end(self, error: AuditError | None) -> None:
        """The tail ended by itself."""
        spent = self.tail is not None and self.tail.stop == "budget"
        self.stop()
        if error is not None:
            self.source.note(f"following ended {_clock()}: {error}")
        elif spent:
            self.source.note(
                f"following stopped {_clock()}: the {self.run.max_rcu:g} RCU budget is used up; "
                "F adds as much"
            )

    def decline(self) -> None:
        """The user declined to pay for catching up."""
        self.stop()
        self.source.note(f"not followed {_clock()}: nothing was read")

    def pause(self) -> None:
        """Leave the cursor where it is; rows keep arriving."""
        if self.state == "following":
            self.state, self.new = "paused", 0

    def resume(self) -> None:
        """Move the cursor with the end again."""
        if self.state == "paused":
            self.state, self.new = "following", 0


def _clock() -> str:
    return timestamp.text(timestamp.now())[11:19] + "Z"
