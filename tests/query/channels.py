"""Channels without threads: the test decides when and in what order answers arrive."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from audittui.query import pool


class Steps(pool.Channel[Any]):
    """Runs a call when its answer is due. A subclass decides which one that is."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[Any, pool.Job]] = []

    def send(self, token: Any, call: Callable[[], Any]) -> pool.Job:
        job = pool.Job(call, lambda _: None)
        self.sent.append((token, job))
        return job

    def land(self, place: int) -> tuple[Any, Any]:
        token, job = self.sent.pop(place)
        assert job.call is not None, "an abandoned request was sent"
        job.begun = True
        try:
            return token, job.call()
        except Exception as error:
            return token, error


class Generations(Steps):
    """Every answer takes one round: all requests in flight are answered together."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds = 0
        self.widest = 0
        self._landed: list[tuple[Any, Any]] = []

    def receive(self, timeout: float | None) -> tuple[Any, Any] | None:
        if not self._landed and timeout != 0.0 and self.sent:
            self.rounds += 1
            self.widest = max(self.widest, len(self.sent))
            self._landed = [self.land(0) for _ in range(len(self.sent))]
        return self._landed.pop(0) if self._landed else None


class Shuffled(Steps):
    """Answers arrive in any order, and sometimes while the reader is busy."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def receive(self, timeout: float | None) -> tuple[Any, Any] | None:
        if not self.sent or (timeout == 0.0 and self._chance.random() < 0.7):
            return None
        return self.land(self._chance.randrange(len(self.sent)))


class Clock(Steps):
    """A channel with a clock: an answer takes 50 ms, a wait takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.used: list[tuple[float, float]] = []

    def receive(self, timeout: float | None) -> tuple[Any, Any] | None:
        self.now += 1e-6
        if timeout == 0.0:
            return None
        if self.sent:
            self.now += 0.05
            flight, landed = self.land(0)
            self.used.append((self.now, landed.rcu))
            return flight, landed
        assert timeout is not None, "waits for nothing"
        self.now += timeout
        return None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Executions created and read inside use this clock."""
        time = SimpleNamespace(monotonic=lambda: self.now)
        requests, execute = "audittui.query.requests.time", "audittui.query.execution.time"
        with patch(requests, time), patch(execute, time):
            yield


@contextmanager
def through(channel: Steps) -> Iterator[None]:
    """Executions created inside use ``channel``."""
    with patch("audittui.query.pool.Channel", lambda: channel):
        yield
