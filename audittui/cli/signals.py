"""Ctrl-C, SIGTERM and SIGHUP: the first ends a command cleanly, the second immediately."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from audittui.cli.exit_codes import INCOMPLETE

_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextlib.contextmanager
def stopping(cancel: Callable[[], object]) -> Iterator[None]:
    """Within the context, the first signal calls ``cancel`` in a thread; a second one ends the
    program with exit code 3. Signals ignored from the start (nohup) stay ignored."""
    came = False

    def handle(*_: object) -> None:
        nonlocal came
        if came:
            _end_at_once()
        came = True
        # In a thread, as the interrupted code may hold a lock that the cancel needs.
        threading.Thread(target=cancel, daemon=True).start()

    with _handled(_ENDING, handle):
        yield


@contextlib.contextmanager
def terminations_interrupt() -> Iterator[None]:
    """Within the context, SIGTERM and SIGHUP (a lost connection) act like Ctrl-C."""
    with _handled(_ENDING[1:], signal.default_int_handler):
        yield


def leave_quietly() -> None:
    """From here on Ctrl-C ends the program silently; all output is written."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: Any) -> Iterator[None]:
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, had in before.items():
            signal.signal(number, had)


def _end_at_once() -> None:
    """End the program without flushing: a blocked reader may be why the user is stopping it."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.write(sys.__stderr__.fileno(), b"Stopped.\n")  # type: ignore[union-attr]
    os._exit(INCOMPLETE)
