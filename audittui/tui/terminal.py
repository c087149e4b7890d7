"""The terminal driver, with signals handled properly.

Textual's driver treats a process resumed after SIGSTOP as one that starts: it reads keys twice and
draws nothing. It also handles signals only in its event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import termios
import threading
import time
from contextvars import copy_context
from types import FrameType
from typing import Any, Literal, Protocol, runtime_checkable

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from audittui.tui.textual_private import is_taken

_GRACE = 3.0
"""Seconds that the application has to exit cleanly, and to respond to Ctrl-C."""
_AS_BEFORE = (
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Plain pasting, wrapped lines, no mouse, plain keys, the shell's screen with its cursor."""


@runtime_checkable
class Endable(Protocol):
    """An application that can be redrawn and ended."""

    def action_redraw(self) -> None:
        """Redraw everything."""
        ...

    def end(self, code: int) -> None:
        """Leave with ``code``."""
        ...


class TerminalDriver(LinuxDriver):
    """Textual's terminal driver, with signal handling.

    SIGTERM, SIGHUP and SIGINT end the application cleanly, or forcibly after `_GRACE`; either way
    the terminal is restored. A second signal ends it forcibly, and so does a Ctrl-C that gets no
    response for `_GRACE`. SIGCONT takes the terminal again and redraws everything.
    """

    def __init__(self, app: App[Any], **given: Any) -> None:
        super().__init__(app, **given)
        assert isinstance(app, Endable)
        self._application = app
        self._state: Literal["new", "taking", "shown", "suspended", "over"] = "new"
        self._ending = 0
        self._asked: float | None = None
        self._loop_of_app = asyncio.get_running_loop()
        # A handler runs in the context of whatever it interrupts.
        self._context = copy_context()
        # Signals can only be handled in the main thread.
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGCONT, self._continued)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, self._told_to_end)

    # Stop and continue

    def start_application_mode(self) -> None:
        """Take the terminal, once it is ours: a program in the background waits for fg."""
        self._state = "taking"
        while True:
            while not self._in_foreground:
                os.kill(os.getpid(), signal.SIGSTOP)
            super().start_application_mode()  # type: ignore[no-untyped-call]
            if is_taken(self):
                break  # otherwise the shell has it back
        self._state = "shown"

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._state = "over"
        super().stop_application_mode()

    def suspend_application_mode(self) -> None:
        """Give the terminal back for a while."""
        super().suspend_application_mode()
        self._state = "suspended"

    def _continued(self, number: int, frame: FrameType | None) -> None:
        if self._state not in ("shown", "suspended"):
            return
        if not self._in_foreground:
            # A background process must not write: wait for fg.
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        # Not here: the interrupted code may hold a lock needed to write to the terminal.
        self._call(self._take_again)

    def _take_again(self) -> None:
        """The terminal is ours again: set its modes and redraw everything."""
        if self._state == "shown":
            # The shell has changed the modes: start again.
            self.suspend_application_mode()
        if self._state == "suspended":
            self.resume_application_mode()
            self._application.action_redraw()

    @property
    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:  # no terminal of ours, or none any more
            return True

    # Ending

    def _told_to_end(self, number: int, frame: FrameType | None) -> None:
        if self._ending:
            self.leave_now(128 + self._ending)
        self._ending = number
        threading.Thread(target=self._watch, daemon=True, name="audittui-ending").start()
        self._call(lambda: self._application.end(128 + number))

    def _watch(self) -> None:
        time.sleep(_GRACE)
        self.leave_now(128 + self._ending)

    def process_message(self, message: Message) -> None:
        """Handle input from the terminal. Runs in the thread that reads it."""
        if isinstance(message, Key) and message.key == "ctrl+c":
            now = time.monotonic()
            if self._asked is None:
                self._asked = now
                self._call(self._answered)
            elif now - self._asked > _GRACE:
                self.leave_now(128 + signal.SIGINT)
        super().process_message(message)

    def _answered(self) -> None:
        self._asked = None

    def _call(self, call: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: it is over anyway
            self._loop_of_app.call_soon_threadsafe(call, context=self._context)

    def leave_now(self, code: int) -> None:
        """Restore the terminal and end the process with ``code``, without waiting."""
        with contextlib.suppress(OSError, ValueError, termios.error):
            if self._state == "shown":
                if self.attrs_before is not None:
                    termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
                # A terminal that accepts no output (Ctrl-S) would block us.
                if select.select([], [self.fileno], [], 0.2)[1]:
                    os.write(self.fileno, _AS_BEFORE.encode())
        os._exit(code)
