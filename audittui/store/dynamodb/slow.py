"""Reports requests that are still waiting for a response."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from audittui.errors import StoreError
from audittui.store.port import ANSWERS_AGAIN

SLOW_SECONDS = 2.0
"""Requests that take longer, in seconds, are reported."""
_IDLE_SECONDS = 5.0


class SlowCalls:
    """Watches the requests to ``place``. ``tell`` is called with a sentence, from a thread; while
    it is None nothing is reported. Thread-safe."""

    def __init__(self, place: str) -> None:
        self.tell: Callable[[str], None] | None = None
        self._place = place
        self._changed = threading.Condition()
        self._began: dict[int, float] = {}
        self._number = 0
        self._watching = False
        self._told = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Watch a request that is sent in the block."""
        if self.tell is None:
            yield
            return
        with self._changed:
            self._number += 1
            number = self._number
            self._began[number] = time.monotonic()
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, daemon=True, name="audittui-slow").start()
            elif len(self._began) == 1:
                self._changed.notify()
        answered = False
        try:
            yield
            answered = True
        finally:
            with self._changed:
                del self._began[number]
                over = self._told and not self._began
                self._told = self._told and not over
            if over and answered:
                self.tell(ANSWERS_AGAIN)

    def _watch(self) -> None:
        last = 0.0
        while True:
            with self._changed:
                if not self._began and not self._changed.wait(_IDLE_SECONDS) and not self._began:
                    self._watching = False
                    return
                if not self._began:
                    continue
                now, began = time.monotonic(), min(self._began.values())
                due = max(began, last) + SLOW_SECONDS
                if due > now:
                    self._changed.wait(due - now)
                    continue
                self._told, last = True, now
            assert self.tell is not None
            self.tell(f"waiting for {self._place}: no answer for {now - began:.0f} s")


class TellingPatience:
    """Sleeps, and calls ``tell`` with the reason after `SLOW_SECONDS`."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._began = time.monotonic()

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Wait ``seconds`` before attempt number ``attempt``."""
        if time.monotonic() + seconds - self._began >= SLOW_SECONDS:
            why = error.message.rstrip(".")
            self._tell(f"{why}: retrying in {seconds:.1f} s, attempt {attempt}")
        time.sleep(seconds)
