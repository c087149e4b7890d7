"""One run of a runbook as the screen holds it: its plan, its rows, and whether there are more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from audittui.tui.model.groups import GroupSource
from audittui.tui.model.rows import RowSource

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.errors import AuditError
    from audittui.investigate.correlations import Correlator, Group
    from audittui.layout.row import Row
    from audittui.query.execution import Execution
    from audittui.query.result import ResultPage
    from audittui.runbook.model import Runbook
    from audittui.runbook.plan import Plan
    from audittui.tui.model.followed import Live

SCREENFUL = 200
"""Rows per page."""


class Run:
    """A result being read. `read` runs in a thread; everything else in the screen's thread."""

    def __init__(
        self,
        runbook: Runbook,
        texts: Mapping[str, str],
        plan: Plan,
        connection: Connection,
        notify: Callable[[str], None],
        marks: Container[Row] = (),
        chains: Sequence[str] = (),
    ) -> None:
        from audittui.query.unregistered_rows import Strangers

        self.runbook = runbook
        self.texts = dict(texts)
        self.plan = plan
        self.connection = connection
        self.strangers = Strangers(connection.layout, chains, connection.chains)
        self.rows = RowSource(plan.columns, marks, self.strangers)
        self.widened = False
        """True once the list shows the chain because its rows come from several."""
        self.groups: GroupSource | None = None
        self.last: ResultPage | None = None
        self.active = False
        self.everything = False
        """True while everything is wanted, not just a screenful."""
        self.looked_rcu = 0.0
        self.around: Sequence[str] = ()
        """Sentences about an empty result: what was compared, and what is nearby."""
        self.live: Live | None = None
        """This query followed live, if it ever was."""
        self._notify = notify
        self._correlator: Correlator | None = None
        self._correlating = threading.Lock()
        self._found: Sequence[Group] = ()
        if plan.correlation is not None:
            from audittui.investigate.aftermath import reads_success
            from audittui.investigate.correlations import Correlator

            self._correlator = Correlator(plan.correlation)
            self.groups = GroupSource(
                plan.correlation.group_by,
                plan.correlation.timespan,
                reads_success=reads_success(plan),
                strangers=self.strangers,
            )
        from audittui.store.asked import AskedStore

        self.store = AskedStore(connection.store)
        """The requests of this run, by partition."""
        self.max_rcu = connection.target.max_rcu
        """The budget until the next stop, in read units; None for no limit."""
        self._execution: Execution
        self._pages: Iterator[ResultPage]
        self._before: ResultPage | None = None
        self._cursor = ""
        self._start(plan, "")

    def _start(self, plan: Plan, cursor: str) -> None:
        from audittui.query.execution import Execution

        self._execution = Execution(
            plan,
            self.store,
            cursor=cursor,
            page_rows=SCREENFUL,
            notify=self._notify,
            max_rcu=self.max_rcu,
            rate=self.connection.target.rate,
        )
        self._pages = self._execution.pages()

    @property
    def complete(self) -> bool:
        """True if the whole window was read."""
        return self.last is not None and self.last.coverage.finished

    @property
    def more(self) -> bool:
        """True if reading is idle and may continue without asking."""
        if self.active:
            return False
        if self.last is None:
            return self._before is not None
        return not self.last.coverage.finished and not self.last.coverage.stop

    @property
    def error(self) -> AuditError | None:
        """The error that ended reading, if any."""
        return self._execution.error

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._sum("requests")

    @property
    def rcu(self) -> float:
        """Read units used so far."""
        before = self._before.meter.rcu if self._before else 0.0
        return before + (self.last.meter.rcu if self.last else 0.0)

    @property
    def unmetered(self) -> int:
        """Attempts whose cost is unknown."""
        return self._sum("unmetered")

    @property
    def by_index(self) -> tuple[tuple[str, float], ...]:
        """Read units used, by index name; "" is the base table."""
        pages = [page for page in (self._before, self.last) if page]
        return _together(*(page.meter.by_index for page in pages))

    @property
    def left_text(self) -> str:
        """The cost of reading the rest, in one line."""
        plan = self.plan
        partitions = len(plan.shards)
        if self.last is not None:
            partitions -= self.last.coverage.partitions_read
        return plan.estimate.left_text(self.rcu - plan.spent_rcu, partitions)

    @property
    def comparison(self) -> list[tuple[str, str, str]]:
        """The estimate and actual use, line by line."""
        from audittui.runbook.estimate import Used, comparison

        used = Used(
            self.requests,
            self.rcu,
            self.by_index,
            self.unmetered,
            self.plan.spent_requests,
            self.plan.spent_rcu,
        )
        return comparison(self.plan.estimate, used)

    def _sum(self, name: str) -> int:
        return sum(getattr(page.meter, name) for page in (self._before, self.last) if page)

    def read(self) -> ResultPage | None:
        """The next page, or None at the end. Blocks; call it in a thread."""
        page = next(self.strangers.watch(self._pages), None)
        if page is not None and self._correlator is not None:
            with self._correlating:
                self._correlator.add(page.rows)
                self._found = self._correlator.groups()
        return page

    def take(self, page: ResultPage) -> None:
        """Keep a page."""
        self.last = page
        self.rows.add(page.rows)
        if self.strangers.several and not self.widened and "chain" not in self.rows.columns:
            self.widened = True
            self.rows.show_columns((*self.rows.columns, "chain"))
        if self.groups is not None:
            self.groups.groups = self._found
            self.groups.complete = page.coverage.finished

    def rethreshold(self, least: int, timespan: int) -> Sequence[Group]:
        """Group the loaded rows by other thresholds. Blocks; call it in a thread."""
        assert self._correlator is not None
        with self._correlating:
            self._correlator = self._correlator.with_thresholds(least, timespan)
            self._found = self._correlator.groups()
            return self._found

    def set_thresholds(self, least: int, timespan: int, groups: Sequence[Group]) -> None:
        """Adopt the new groups, and the new equivalent command if it can express them."""
        from audittui.runbook.timerange import duration_text

        rule, written = self.plan.correlation, self.runbook.correlation
        assert rule is not None and written is not None and self.groups is not None
        texts = {
            written.condition.get("gte"): str(least),
            written.timespan: duration_text(timespan),
        }
        said = {name: texts.get(f"{{{name}}}", value) for name, value in self.plan.parameters}
        rule = msgspec.structs.replace(rule, condition=(("gte", least),), timespan=timespan)
        self.plan = msgspec.structs.replace(
            self.plan, correlation=rule, parameters=tuple(said.items())
        )
        self.texts = {name: said.get(name, text) for name, text in self.texts.items()}
        self.groups.timespan = timespan
        self.groups.groups = groups

    def look_around(self, page: ResultPage, seen: Mapping[str, Iterable[str]]) -> None:
        """Look for entries nearby if ``page`` ends an empty result. ``seen`` are names seen
        earlier, by field. Blocks; call it in a thread."""
        from audittui.query.surroundings import is_empty, look_around, sentences

        if self.around or self.rows.rows or not is_empty(page):
            return
        left = None if self.max_rcu is None else self.max_rcu - page.meter.rcu
        around = look_around(self.plan, self.connection.store, left=left)
        self.looked_rcu += around.rcu
        self.around = sentences(self.plan, around, seen)

    def drain(self) -> None:
        """Read everything from now on, several partitions in parallel."""
        self._execution.drain()

    def cancel(self) -> None:
        """Stop reading and following; keeps the rows."""
        if self.live is not None:
            self.live.stop()
        self._execution.cancel()

    def go_on(self) -> None:
        """Continue after a stop."""
        if self.last is not None and self.last.coverage.stop:
            # If a budget made no progress, continue from the last cursor that did.
            if self.last.coverage.tied is None:
                self._cursor = self.last.cursor
            cursor, self._before = self._cursor, self._merged()
            self.last = None
            # The cost of planning is counted already.
            self._start(msgspec.structs.replace(self.plan, spent_requests=0, spent_rcu=0.0), cursor)

    def _merged(self) -> ResultPage | None:
        """The costs so far, kept across a restart."""
        if self._before is None or self.last is None:
            return self.last
        one, other = self._before.meter, self.last.meter
        meter = msgspec.structs.replace(
            other,
            requests=one.requests + other.requests,
            pages=one.pages + other.pages,
            rcu=one.rcu + other.rcu,
            unmetered=one.unmetered + other.unmetered,
            by_index=_together(one.by_index, other.by_index),
        )
        return msgspec.structs.replace(self.last, meter=meter)


def _together(*spent: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    """Read units by index, summed."""
    units: dict[str, float] = {}
    for one in spent:
        for name, rcu in one:
            units[name] = units.get(name, 0.0) + rcu
    return tuple(units.items())
