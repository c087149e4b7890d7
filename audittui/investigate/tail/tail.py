"""The live tail: what a runbook asks for, as it arrives.

Hash chains are followed by seq (`chains`), other layouts by polling (`window`). Waiting
goes by the monotonic clock; the wall clock only says what "now" is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal

import msgspec

from audittui import timestamp
from audittui.connection import Connection
from audittui.errors import StoreError, UsageError
from audittui.investigate.asker import Asker, AskingBudgetError, AskingCancelledError
from audittui.investigate.spans import mean_bytes
from audittui.investigate.tail.chains import ChainSource
from audittui.investigate.tail.cursor import (
    ChainPlace,
    TailCursor,
    decode_tail_cursor,
    encode_tail_cursor,
    question_digest,
)
from audittui.investigate.tail.late_start import LONG, narrowed
from audittui.investigate.tail.pace import Interval, Spending
from audittui.investigate.tail.source import Backlog, Round, Source
from audittui.investigate.tail.window import WindowSource
from audittui.layout.row import Row
from audittui.query.result import Meter
from audittui.runbook.live_conditions import (
    conditions_of,
    holds,
    key_conditions_of,
    window_parameters,
    within,
)
from audittui.runbook.model import Runbook
from audittui.runbook.plan import Facts, Order, Plan, Window
from audittui.runbook.planner import make_plan

_LONGEST_WAIT = 30.0
_ALL_READ = (
    "Chains are followed entry by entry: entries that the runbook does not ask for are read "
    "and charged too."
)
_PASSING = ("throttled", "network")


class TailBatch(msgspec.Struct, frozen=True):
    """What arrived, and the cost so far.

    ``rows`` of one chain are in seq order; those of several are merged by time. ``missed`` has a
    sentence for everything that may have been missed. ``rcu_per_hour`` is the current rate of
    spending (None while it is too early to say), ``floor_rcu_per_hour`` that of a quiet log.
    ``more``: the tail has not caught up yet.
    """

    rows: tuple[Row, ...]
    missed: tuple[str, ...]
    polls: int
    meter: Meter
    rcu_per_hour: float | None
    floor_rcu_per_hour: float
    more: bool


class Tail:
    """Follows ``runbook`` with the parameters ``texts`` on ``connection``.

    A tail has no end, so the runbook's window is left out; ``since`` (microseconds) says where to
    begin, None from now on. ``cursor`` resumes another tail right after the last row it yielded.
    ``limit`` ends the tail after that many rows, ``max_rcu`` once about that many read units are
    used (pages are sized by the mean item); ``stop`` says which of the two ended it. ``notify`` is
    called with a sentence about waits. ``clock`` returns monotonic seconds, ``now`` the wall
    clock's microseconds; ``wait`` waits some seconds and returns whether the tail was cancelled
    meanwhile. Tests replace all three. Raises `UsageError` for a cursor that is damaged.
    """

    def __init__(
        self,
        runbook: Runbook,
        texts: Mapping[str, str],
        connection: Connection,
        *,
        since: int | None = None,
        cursor: str = "",
        limit: int | None = None,
        max_rcu: float | None = None,
        interval: Interval | None = None,
        notify: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], int] = timestamp.now,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._runbook = runbook
        dropped = window_parameters(runbook)
        self._texts = {name: text for name, text in texts.items() if name not in dropped}
        self._connection = connection
        self._since = since
        self._resumed = decode_tail_cursor(cursor) if cursor else None
        self._limit = limit
        self._interval = interval or Interval()
        self._notify = notify or (lambda _: None)
        self._clock = clock
        self._now = now
        self._cancelled = threading.Event()
        self._wait = wait or self._cancelled.wait
        self._asker = Asker(connection.store, self._cancelled, self._notify, max_rcu)
        self.stop: Literal["", "limit", "budget", "cancelled"] = ""
        self._spending: Spending | None = None
        self._source: Source | None = None
        self._question = ""
        self._given = self._polls = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What this tail cannot see, in sentences; known from the first batch on."""
        return self._source.notes if self._source is not None else ()

    @property
    def cursor(self) -> str:
        """Where the tail is: right after the last batch yielded. Empty before it has begun."""
        if self._source is None:
            return encode_tail_cursor(self._resumed) if self._resumed is not None else ""
        return encode_tail_cursor(
            self._source.place(TailCursor("tail-1", self._question, self._since))
        )

    @property
    def meter(self) -> Meter:
        """What the tail cost so far."""
        return self._asker.meter

    def backlog(self) -> Backlog | None:
        """What catching up takes, before the first batch is read: this opens the tail and reads
        only where its chains begin and end.

        None when the table does not answer, the budget is too small, or the tail was cancelled:
        `batches` deals with that. Raises like `batches`. Blocks; call it in a thread.
        """
        try:
            if self._source is None:
                self._source = self._open()
            return self._source.backlog()
        except AskingCancelledError:
            return None
        except AskingBudgetError:
            self.stop = "budget"
            return None
        except StoreError as error:
            if error.kind not in _PASSING:
                raise
            return None

    def cancel(self) -> None:
        """End immediately; rows already yielded are kept. Callable from any thread."""
        self._cancelled.set()
        source = self._source
        if source is not None:
            source.cancel()

    def batches(self) -> Iterator[TailBatch]:
        """What arrives, one batch per poll (empty ones too), until cancelled or a limit is reached.

        Throttling and a lost network are waited out. Raises other `StoreError`s; ``cursor`` then
        says where to resume. Raises `UsageError` when the table cannot answer, or when the cursor
        belongs to another question.
        """
        failures = 0
        if self.stop == "budget":
            return
        while not self._cancelled.is_set():
            room = None if self._limit is None else self._limit - self._given
            try:
                if self._source is None:
                    self._source = self._open()
                for part in self._source.poll(room):
                    yield self._batch(part)
                    if self._limit is not None and self._given >= self._limit:
                        self.stop = "limit"
                        return
                self._polls += 1
            except AskingCancelledError:
                break
            except AskingBudgetError:
                self.stop = "budget"
                if self._source is not None and (rows := self._source.rest(room)):
                    yield self._batch(Round(rows, more=True))
                return
            except StoreError as error:
                if error.kind not in _PASSING:
                    raise
                seconds = min(2.0**failures, _LONGEST_WAIT)
                failures += 1
                self._notify(f"{error.message} Retrying in {seconds:g} s; nothing is lost.")
            else:
                failures = 0
                seconds = max(self._source.due - self._clock(), 0.0)
            if self._wait(seconds):
                break
        self.stop = "cancelled"

    def _batch(self, part: Round) -> TailBatch:
        assert self._source is not None
        self._given += len(part.rows)
        self._asker.spend(returned=len(part.rows))
        moment = self._clock()
        meter = self._asker.meter
        if self._spending is None and not part.more:
            # Catching up is paid once; the cost of following is counted after it.
            self._spending = Spending(moment, meter.rcu)
        rate = None
        if self._spending is not None:
            self._spending.reach(moment, meter.rcu)
            rate = self._spending.per_hour(moment)
        return TailBatch(
            rows=part.rows,
            missed=part.missed,
            polls=self._polls + 1,
            meter=meter,
            rcu_per_hour=rate,
            floor_rcu_per_hour=self._source.floor,
            more=part.more,
        )

    def _open(self) -> Source:
        facts = self._asker.call(self._connection.facts)
        self._asker.spend(requests=facts.requests, rcu=facts.rcu)
        plan = self._plan(facts, Window(self._now(), None), "oldest")
        layout = self._connection.layout
        conditions = conditions_of(plan)
        if layout.chained:
            # The rows come from the base table, not from the index that would choose them.
            conditions = (*key_conditions_of(plan), *conditions)
        self._question = question_digest(
            self._runbook.id, layout.name, conditions, key_conditions_of(plan)
        )
        resumed = self._resumed
        if resumed is not None and (
            resumed.question != self._question
            or (resumed.chains if layout.chained else resumed.window) is None
        ):
            raise UsageError(
                "The cursor belongs to another tail.",
                "Use it with the same runbook, parameters, table and layout.",
            )
        if resumed is not None:
            self._since = resumed.since
        wanted = partial(holds, conditions)
        if layout.chained:
            return ChainSource(
                layout,
                self._asker,
                wanted,
                since=self._since,
                places=None if resumed is None else resumed.chains,
                interval=self._interval,
                clock=self._clock,
                narrow=partial(self._narrowed, facts),
                item_bytes=mean_bytes(facts),
                table_bytes=None if facts.base is None else facts.base.size_bytes,
                notes=(_ALL_READ,) if conditions else (),
            )
        return WindowSource(
            lambda window, order: self._plan(facts, window, order),
            self._asker,
            wanted,
            since=self._since,
            place=None if resumed is None else resumed.window,
            interval=self._interval,
            clock=self._clock,
            now=self._now,
        )

    def _narrowed(self, facts: Facts, places: dict[str, ChainPlace]) -> dict[str, ChainPlace]:
        if self._since is None:
            return places
        plan = self._plan(facts, Window(self._since, None), "oldest")
        return narrowed(places, plan, self._asker)

    def _plan(self, facts: Facts, window: Window, order: Order) -> Plan:
        known = msgspec.structs.replace(facts, now=self._now(), requests=0, rcu=0.0)
        runbook = within(self._runbook, window, order)
        # Use the same index in every round, whichever is cheapest in one of them.
        return make_plan(runbook, self._texts, self._connection.layout, known, own=True)


__all__ = ["LONG", "Backlog", "Interval", "Tail", "TailBatch"]
