"""Threads for requests in flight.

Daemon threads, not an executor: an executor's threads are joined when the interpreter ends, so
that a stuck request would keep a program from quitting.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

Token = TypeVar("Token")

MAX_THREADS = 64
"""As many as the requests that a run has in flight."""

_jobs: deque[Job] = deque()
_changed = threading.Condition()
_idle = 0
_threads = 0


class Job:
    """One call in a pool thread. ``done`` is called with its result or the exception it raised."""

    __slots__ = ("begun", "call", "done", "lost")

    def __init__(self, call: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.call: Callable[[], Any] | None = call
        self.done: Callable[[Any], None] | None = done
        self.begun = False
        self.lost = False


def submit(call: Callable[[], Any], done: Callable[[Any], None]) -> Job:
    """Run ``call`` in a pool thread; ``done`` is called there with the outcome."""
    global _threads  # noqa: PLW0603 - one pool a process
    job = Job(call, done)
    with _changed:
        _jobs.append(job)
        if _idle >= len(_jobs):
            _changed.notify()
        elif _threads < MAX_THREADS:
            try:
                threading.Thread(target=_serve, daemon=True, name="audittui-query").start()
            except RuntimeError:
                # The system has no more threads: those that run take the jobs in turn.
                if not _threads:
                    raise
            else:
                _threads += 1
    return job


def abandon(job: Job) -> bool:
    """Abandon a job: its result is dropped. True when it had begun.

    A thread that is stuck in it no longer counts, so that other jobs never run out of threads.
    """
    global _threads  # noqa: PLW0603 - one pool a process
    with _changed:
        job.done = None
        if not job.begun:
            job.call = None
        elif not job.lost and job.call is not None:
            job.lost = True
            _threads -= 1
        return job.begun


class Channel(Generic[Token]):
    """Starts the calls of one run, each with a token, and receives their results as they end."""

    def __init__(self) -> None:
        # Unlike a condition, this queue is safe to use from a signal handler.
        self._inbox: SimpleQueue[tuple[Token, Any] | None] = SimpleQueue()

    def send(self, token: Token, call: Callable[[], Any]) -> Job:
        """Run ``call`` in a pool thread."""
        inbox = self._inbox
        return submit(call, lambda outcome: inbox.put((token, outcome)))

    def receive(self, timeout: float | None) -> tuple[Token, Any] | None:
        """The next token with its result, or with the exception raised; None after ``timeout``
        seconds and when `wake` was called."""
        try:
            return self._inbox.get(timeout=timeout)
        except Empty:
            return None

    def wake(self) -> None:
        """End a `receive`. Callable from any thread and signal handler."""
        self._inbox.put(None)


def _serve() -> None:
    global _idle  # noqa: PLW0603 - one pool a process
    while True:
        with _changed:
            _idle += 1
            while not _jobs:
                _changed.wait()
            _idle -= 1
            job = _jobs.popleft()
            call = job.call
            if call is None:
                continue
            job.begun = True
        try:
            outcome = call()
        except BaseException as error:
            outcome = error
        with _changed:
            job.call = None
            done, lost = job.done, job.lost
        if done is not None:
            done(outcome)
        if lost:
            return
        # A waiting thread must not keep the last answer alive.
        del job, call, done, outcome
