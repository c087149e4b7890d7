"""Sends requests to a store, with waits that can be cancelled, and adds up what they cost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

import msgspec

from audittui.errors import StoreError
from audittui.query.patience import RunPatience, Waits
from audittui.query.pool import abandon, submit
from audittui.query.result import Meter
from audittui.runbook.estimate import LEAST_UNITS
from audittui.store.port import Page, Query, Store

MAX_IN_FLIGHT = 16
"""Requests in flight at the same time."""
_LOOK = 0.05
Result = TypeVar("Result")


class AskingCancelledError(Exception):
    """The requests were cancelled; nothing is wrong."""


class AskingBudgetError(Exception):
    """The next request does not fit into the budget; nothing is wrong."""


class Asker:
    """Sends requests to ``store`` from pool threads and adds up what they cost.

    ``cancelled`` ends every wait for an answer with `AskingCancelledError`; the answer is dropped
    and its cost stays unknown. ``max_rcu`` is a budget in read units, None for no limit.
    """

    def __init__(
        self,
        store: Store,
        cancelled: threading.Event,
        notify: Callable[[str], None],
        max_rcu: float | None = None,
    ) -> None:
        self.max_rcu = max_rcu
        self.store = store
        self.cancelled = cancelled
        self.notify = notify
        self.meter = Meter()
        self._waits = Waits(notify, cancelled)

    @property
    def left(self) -> float | None:
        """What is left of the budget, in read units; None without one."""
        return None if self.max_rcu is None else max(self.max_rcu - self.meter.rcu, 0.0)

    def ask(self, request: Query) -> Page:
        """One page. Raises `StoreError`, `AskingCancelledError`, `AskingBudgetError`."""
        (answer,) = self.ask_all([request])
        if isinstance(answer, StoreError):
            raise answer
        return answer

    def ask_all(self, requests: Sequence[Query]) -> list[Page | StoreError]:
        """The answer to each request, or why there is none.

        Raises `AskingCancelledError`, and `AskingBudgetError` before anything is sent when the
        requests do not all fit into the budget.
        """
        least = sum(LEAST_UNITS * (2 if request.consistent else 1) for request in requests)
        if self.left is not None and least > self.left:
            raise AskingBudgetError
        answers: list[Page | StoreError] = []
        for start in range(0, len(requests), MAX_IN_FLIGHT):
            batch = requests[start : start + MAX_IN_FLIGHT]
            patiences = [RunPatience(self._waits) for _ in batch]
            self.spend(requests=len(batch))
            outcomes = self._outcomes(
                [
                    partial(self._query, request, patience)
                    for request, patience in zip(batch, patiences, strict=True)
                ]
            )
            for outcome, patience in zip(outcomes, patiences, strict=True):
                if isinstance(outcome, StoreError):
                    self.spend(unmetered=1 + patience.attempts)
                elif isinstance(outcome, BaseException):
                    raise outcome
                else:
                    self.spend(
                        pages=1,
                        scanned=outcome.scanned,
                        rcu=outcome.rcu,
                        unmetered=outcome.unmetered,
                    )
                answers.append(outcome)
        return answers

    def _query(self, request: Query, patience: RunPatience) -> Page:
        """In a pool thread: one page, with waits that are reported and ended by a cancel."""
        try:
            page = self.store.query(request, patience)
        except StoreError:
            patience.end(answered=False)
            raise
        patience.end(answered=True)
        return page

    def call(self, work: Callable[[], Result]) -> Result:
        """Do ``work`` in a pool thread. Raises what it raises, and `AskingCancelledError`."""
        (outcome,) = self._outcomes([work])
        if isinstance(outcome, BaseException):
            raise outcome
        return cast(Result, outcome)

    def spend(
        self,
        *,
        requests: int = 0,
        pages: int = 0,
        scanned: int = 0,
        returned: int = 0,
        rcu: float = 0.0,
        unmetered: int = 0,
    ) -> None:
        """Add to the meter."""
        had = self.meter
        self.meter = msgspec.structs.replace(
            had,
            requests=had.requests + requests,
            pages=had.pages + pages,
            scanned=had.scanned + scanned,
            returned=had.returned + returned,
            rcu=had.rcu + rcu,
            unmetered=had.unmetered + unmetered,
        )

    def _outcomes(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """The outcome of each call, made in pool threads: its result, or the exception raised."""
        outcomes: list[Any] = [None] * len(calls)
        came: SimpleQueue[tuple[int, Any]] = SimpleQueue()

        def arrival(place: int) -> Callable[[Any], None]:
            return lambda outcome: came.put((place, outcome))

        jobs = [submit(call, arrival(place)) for place, call in enumerate(calls)]
        waiting = len(jobs)
        while waiting:
            try:
                place, outcomes[place] = came.get(timeout=_LOOK)
                waiting -= 1
            except Empty:
                if self.cancelled.is_set():
                    self.spend(unmetered=sum(abandon(job) for job in jobs))
                    raise AskingCancelledError from None
        return outcomes
