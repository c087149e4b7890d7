"""Reads the whole entries of rows, together when that is cheaper, within a budget.

Reads are eventually consistent, for display. An entry that is not found is looked for again,
strongly consistent, before it is reported as absent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from audittui.errors import StoreError
from audittui.investigate.asker import Asker, AskingBudgetError, AskingCancelledError
from audittui.investigate.spans import Span, single_units, spans
from audittui.layout.model import Layout
from audittui.layout.row import Item, Row
from audittui.query.cost import BYTES_PER_UNIT, STEP, TokenBucket
from audittui.query.result import Meter
from audittui.store.port import Query, Store

ITEM_BYTES = 1024.0
"""The assumed size of an entry until it is known."""
_TOGETHER = 500
"""Rows whose entries are looked for together."""
_LEARN = 16
"""Rows that are read first within a budget, to learn how large entries are."""
_GONE = "The entry is no longer in the table."
_ENOUGH = 3
"""After this many entries that cannot be read, and none that can, the rest are not requested."""
Unread = Literal["", "fault", "budget", "cancelled"]


class Body(msgspec.Struct, frozen=True):
    """The stored text of one row's entry; empty if it was not read: ``unread`` says why in a word,
    ``fault`` in a sentence."""

    row: Row
    document: str = ""
    unread: Unread = ""
    fault: str = ""


class BodyReader:
    """Reads bodies for display. ``max_rcu`` is a budget in read units, of which ``spent`` are
    already used; ``rate`` is in read units per second, ``item_bytes`` the mean size of an entry if
    it is known. ``notify`` is called with a sentence about waits. `cancel`, or setting
    ``cancelled``, ends the reading."""

    def __init__(
        self,
        store: Store,
        layout: Layout,
        *,
        max_rcu: float | None = None,
        spent: float = 0.0,
        rate: float | None = None,
        item_bytes: float | None = None,
        notify: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._store, self._layout = store, layout
        self._cancelled = threading.Event() if cancelled is None else cancelled
        left = None if max_rcu is None else max(max_rcu - spent, 0.0)
        self._asker = Asker(store, self._cancelled, notify or (lambda _: None), left)
        self._max_rcu = max_rcu
        self._bucket = None if rate is None else TokenBucket(rate, time.monotonic())
        self._item_bytes = item_bytes or ITEM_BYTES
        self._learned = item_bytes is not None
        # Every further request would fail like the last ones.
        self._hopeless = False

    @property
    def meter(self) -> Meter:
        """The cost so far."""
        return self._asker.meter

    def estimate(self, rows: Sequence[Row]) -> float:
        """About how many read units `read` takes for ``rows``."""
        alone, together = self._plan(rows)
        units = len(alone) * single_units(self._item_bytes)
        return units + sum(span.units for found in together.values() for span in found)

    def read(self, rows: Sequence[Row]) -> Iterator[Body]:
        """The bodies, in the order of ``rows``. Entries that cannot be read are reported and do not
        end the reading; after a cancel, or once the budget is used up, the rest come unread."""
        at = 0
        last: Body | None = None
        while at < len(rows) and last is None:
            some = self._affordable(rows[at : at + _TOGETHER])
            if self._cancelled.is_set():
                last = self._left(rows[at], "cancelled")
            elif not some:
                last = self._left(rows[at], "budget")
            else:
                bodies = self._read(some)
                yield from bodies
                at += len(bodies)
                stopped = bodies[-1].unread in ("budget", "cancelled")
                last = bodies[-1] if stopped or self._hopeless else None
        if last is not None:
            for row in rows[at:]:
                yield msgspec.structs.replace(last, row=row)

    def _left(self, row: Row, why: Unread) -> Body:
        """A body that was not read after a cancel or for lack of budget."""
        if why == "cancelled":
            return Body(row, unread=why, fault="Not read: cancelled.")
        return Body(
            row, unread=why, fault=f"Not read: the budget of {self._max_rcu:g} RCU is used up."
        )

    def _affordable(self, rows: Sequence[Row]) -> Sequence[Row]:
        """As many of ``rows`` as the budget and a second's rate have room for."""
        room = self._asker.left
        if self._bucket is not None:
            room = min(self._bucket.most, self._bucket.most if room is None else room)
        if room is None:
            return rows
        if self._asker.left is not None and self._asker.left < single_units(self._item_bytes):
            return ()
        some = rows if self._learned else rows[:_LEARN]
        while len(some) > 1 and self.estimate(some) > room:
            some = some[: len(some) // 2]
        return some

    def _plan(self, rows: Sequence[Row]) -> tuple[list[Row], dict[str, list[Span]]]:
        """The rows to read one by one, and the spans to read together, by chain."""
        alone: list[Row] = []
        seqs: dict[str, set[int]] = {}
        for row in rows:
            if self._layout.chained and self._layout.key(row.chain, row.seq) == dict(
                self._layout.key_of(row)
            ):
                seqs.setdefault(row.chain, set()).add(row.seq)
            else:
                alone.append(row)
        together: dict[str, list[Span]] = {}
        singles: set[tuple[str, int]] = set()
        for chain, wanted in seqs.items():
            found = spans(sorted(wanted), self._item_bytes)
            together[chain] = [span for span in found if span.first < span.last]
            singles |= {(chain, span.first) for span in found if span.first == span.last}
        alone += [row for row in rows if (row.chain, row.seq) in singles]
        return alone, together

    def _read(self, rows: Sequence[Row]) -> list[Body]:
        """The bodies of some rows; those after a cancel or past the budget come unread."""
        found: dict[tuple[str, str | int], Item] = {}
        faults: dict[tuple[str, str | int], StoreError] = {}
        why: Unread = ""
        try:
            self._pace(self.estimate(rows))
            self._read_spans(self._plan(rows)[1], found)
            for consistent in (False, True):
                left = [row for row in rows if row.key not in found and row.key not in faults]
                self._get(left, found, faults, consistent=consistent)
        except AskingCancelledError:
            why = "cancelled"
        except AskingBudgetError:
            why = "budget"
        bodies = []
        for row in rows:
            item, error = found.get(row.key), faults.get(row.key)
            if item is not None:
                bodies.append(Body(row, self._layout.document(item)))
            elif error is None and why:
                bodies.append(self._left(row, why))
            else:
                fault = _GONE if error is None else str(error)
                bodies.append(Body(row, unread="fault", fault=fault))
        return bodies

    def _read_spans(
        self, together: dict[str, list[Span]], found: dict[tuple[str, str | int], Item]
    ) -> None:
        """Read the entries of spans; those of a page that failed are read one by one later."""
        layout = self._layout
        sort = layout.sort.attribute
        requests = [
            Query(
                index="",
                partition=(layout.partition.attribute,
                           layout.key(chain, span.first)[layout.partition.attribute]),
                sort=sort,
                low=layout.key(chain, span.first)[sort],
                high=layout.key(chain, span.last)[sort],
            )
            for chain, chosen in together.items()
            for span in chosen
        ]  # fmt: skip
        while requests:
            further = []
            answers = self._asker.ask_all(requests)
            for request, answer in zip(requests, answers, strict=True):
                if isinstance(answer, StoreError):
                    continue
                for item in answer.items:
                    found[layout.row(item).key] = item
                self._settle(answer.rcu)
                if answer.scanned >= _LEARN or not self._learned:
                    self._weigh(answer.rcu * BYTES_PER_UNIT / max(answer.scanned, 1))
                if answer.last_key is not None:
                    further.append(msgspec.structs.replace(request, start_key=answer.last_key))
            requests = further

    def _get(
        self,
        rows: Sequence[Row],
        found: dict[tuple[str, str | int], Item],
        faults: dict[tuple[str, str | int], StoreError],
        *,
        consistent: bool,
    ) -> None:
        """Read ``rows`` by their keys: all in one request, after an error one by one."""
        if not rows:
            return
        least = len(rows) * STEP * (2 if consistent else 1)
        if self._asker.left is not None and least > self._asker.left and len(rows) > 1:
            half = len(rows) // 2
            self._get(rows[:half], found, faults, consistent=consistent)
            self._get(rows[half:], found, faults, consistent=consistent)
            return
        if self._asker.left is not None and least > self._asker.left:
            raise AskingBudgetError
        keys = [self._layout.key_of(row) for row in rows]
        self._asker.spend(requests=1)
        try:
            many = self._asker.call(lambda: self._store.get_many(keys, consistent=consistent))
        except StoreError as error:
            self._asker.spend(unmetered=1)
            if len(rows) == 1:
                faults[rows[0].key] = error
            else:
                self._get_singly(rows, found, faults, consistent=consistent)
            return
        self._asker.spend(pages=1, rcu=many.rcu)
        self._settle(many.rcu)
        for row, item in zip(rows, many.items, strict=True):
            if item is not None:
                found[row.key] = item

    def _get_singly(
        self,
        rows: Sequence[Row],
        found: dict[tuple[str, str | int], Item],
        faults: dict[tuple[str, str | int], StoreError],
        *,
        consistent: bool,
    ) -> None:
        """Read rows one by one, because one unreadable item must not hide the others; stop when
        the error would be the same for all."""
        for row in rows:
            self._get([row], found, faults, consistent=consistent)
            if len(faults) >= _ENOUGH and not found:
                faults.update(dict.fromkeys((one.key for one in rows), faults[row.key]))
                self._hopeless = True
                return

    def _weigh(self, item_bytes: float) -> None:
        self._item_bytes = max(item_bytes, 1.0)
        self._learned = True

    def _pace(self, units: float) -> None:
        """Wait until the rate has room for so many read units. Raises `AskingCancelledError`."""
        if self._bucket is None:
            return
        if self._cancelled.wait(self._bucket.delay(units, time.monotonic())):
            raise AskingCancelledError

    def _settle(self, units: float) -> None:
        if self._bucket is not None:
            self._bucket.take(units)
