"""Reads several iterators in threads and yields their values in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import TypeVar

Value = TypeVar("Value")

THREADS = 4
_HELD = 3
"""Values of one iterator that are buffered."""
_END = object()


def read_ahead(read: Callable[[int], Iterator[Value]], count: int) -> Iterator[tuple[int, Value]]:
    """The values of ``read(0)``, then of ``read(1)`` and so on, each with its number.

    Up to `THREADS` of them are read at a time, and few values are buffered. An exception of
    ``read`` is raised in place of its next value. Threads are daemons, so a stuck read does not
    keep the program from exiting.
    """
    stop = threading.Event()
    queues: dict[int, Queue[object]] = {}

    def run(number: int, queue: Queue[object]) -> None:
        try:
            for value in read(number):
                queue.put(value)
                if stop.is_set():
                    return
        except BaseException as error:
            queue.put(_Raised(error))
        else:
            queue.put(_END)

    def start(number: int) -> None:
        if number < count:
            queue = queues[number] = Queue(_HELD)
            threading.Thread(target=run, args=(number, queue), daemon=True).start()

    try:
        for number in range(min(THREADS, count)):
            start(number)
        for number in range(count):
            queue = queues[number]
            while (value := queue.get()) is not _END:
                if isinstance(value, _Raised):
                    raise value.error
                yield number, value  # type: ignore[misc]
            del queues[number]
            start(number + THREADS)
    finally:
        stop.set()
        for queue in queues.values():
            # A thread that waits for room wakes up, sees that it must stop, and ends.
            while not queue.empty():
                queue.get_nowait()


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error
