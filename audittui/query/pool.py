"""Threads for requests in flight.

Daemon threads, not an executor: an executor's threads are joined when the interpreter ends, so
that a stuck request would keep a program from quitting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")

MAX_THREADS = 32

_work: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
_lock = threading.Lock()
_idle = 0
_threads = 0


def submit(call: Callable[[], Result]) -> Future[Result]:
    """Run ``call`` in a pool thread."""
    global _threads, _idle  # noqa: PLW0603 - one pool a process
    future: Future[Result] = Future()
    _work.put((future, call))
    with _lock:
        if _idle > 0:
            _idle -= 1
        elif _threads < MAX_THREADS:
            _threads += 1
            threading.Thread(target=_serve, daemon=True, name="audittui-query").start()
    return future


def _serve() -> None:
    global _idle  # noqa: PLW0603 - one pool a process
    while True:
        future, call = _work.get()
        try:
            result = call()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        with _lock:
            _idle += 1
