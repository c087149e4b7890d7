"""How a run waits before a store retries a request: reported, and ended by a cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from audittui.errors import StoreError
from audittui.store.port import ANSWERS_AGAIN, cost_unknown

_APART = 0.25
"""Seconds between two sentences: many requests are throttled at once."""
_REASONS = {"throttled": "throttled", "network": "connection lost"}


class Waits:
    """The waiting requests of one run, reported as one.

    ``notify`` is called from the threads that wait; ``closed`` ends every wait.
    """

    def __init__(self, notify: Callable[[str], None], closed: threading.Event) -> None:
        self.closed = closed
        self.throttled = False
        self._notify = notify
        self._lock = threading.Lock()
        self._told = 0.0
        self._waiting: set[RunPatience] = set()

    def begin(self, who: RunPatience, error: StoreError, attempt: int, seconds: float) -> None:
        """Report that a request waits."""
        if error.kind == "throttled":
            self.throttled = True
        with self._lock:
            now = time.monotonic()
            tell = not self._waiting or now - self._told >= _APART
            self._waiting.add(who)
            if tell:
                self._told = now
        if tell:
            why = error.brief or _REASONS.get(error.kind, error.message.rstrip("."))
            self._notify(f"{why}, retrying in {seconds:.1f} s, attempt {attempt}")

    def end(self, who: RunPatience, *, answered: bool) -> None:
        """End a request's wait; report it if it was answered and no other request waits."""
        with self._lock:
            waited = who in self._waiting
            self._waiting.discard(who)
            over = waited and not self._waiting
        if over and answered and not self.closed.is_set():
            self._notify(ANSWERS_AGAIN)


class RunPatience:
    """The patience of one request.

    ``attempts`` counts the attempts that failed and were repeated, ``lost`` those of them that may
    have cost something. ``resting`` is True during a wait, ``gave_up`` once a wait was cut short.
    """

    def __init__(self, waits: Waits) -> None:
        self.attempts = 0
        self.lost = 0
        self.resting = False
        self.gave_up = False
        self._waits = waits

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Wait ``seconds``, or until the run is cancelled: then ``error`` is raised."""
        self.resting = True
        self.attempts += 1
        self.lost += cost_unknown(error)
        if not self._waits.closed.is_set():
            self._waits.begin(self, error, attempt, seconds)
        if self._waits.closed.wait(seconds):
            self.gave_up = True
            raise error
        self.resting = False

    def end(self, *, answered: bool) -> None:
        """The request has ended, ``answered`` or given up."""
        if self.attempts:
            self._waits.end(self, answered=answered)
