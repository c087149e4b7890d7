"""The terminal, kept in order whatever the system tells the process.

Textual's driver takes a process that goes on after SIGSTOP for one that begins: it reads the keys
twice and draws nothing. And what it is told by signals waits for its loop.
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
"""Seconds that the application has to end in good order, and to answer Ctrl-C."""
_AS_BEFORE = (
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Plain pasting, wrapped lines, no mouse, plain keys, the shell's screen with its cursor."""


@runtime_checkable
class Endable(Protocol):
    """An application that can be drawn anew and told to end."""

    def action_redraw(self) -> None:
        """Draw everything anew."""
        ...

    def end(self, code: int) -> None:
        """Leave with ``code``."""
        ...


class TerminalDriver(LinuxDriver):
    """Textual's driver of a terminal, and what signals mean.

    SIGTERM, SIGHUP and SIGINT end the application in good order, or after `_GRACE` at once; the
    terminal is as before either way. A second one ends it at once. Ctrl-C that nobody answers for
    so long does the same. SIGCONT makes the terminal ours again and draws everything.
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
        # Signals can be had in the main thread alone.
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGCONT, self._continued)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, self._told_to_end)

    # Stopped, and going on

    def start_application_mode(self) -> None:
        """Take the terminal, once it is ours: a program in the background waits for fg."""
        self._state = "taking"
        while True:
            while not self._in_foreground:
                os.kill(os.getpid(), signal.SIGSTOP)
            super().start_application_mode()  # type: ignore[no-untyped-call]
            if is_taken(self):
                break  # else the shell had it back meanwhile
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
            # In the background nothing may be written: wait for fg.
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        # Not here: what was interrupted may hold a lock that writing to the terminal takes.
        self._call(self._take_again)

    def _take_again(self) -> None:
        """The terminal is ours once more: set its modes and draw everything."""
        if self._state == "shown":
            # The shell has changed the modes meanwhile: all of it from the beginning.
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

    # Told to end

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
        """Take what the terminal sends. Runs in the thread that reads it."""
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
        """End the process with ``code``, the terminal as it was; waits for nobody."""
        with contextlib.suppress(OSError, ValueError, termios.error):
            if self._state == "shown":
                if self.attrs_before is not None:
                    termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
                # A terminal that takes nothing (Ctrl-S) would keep us.
                if select.select([], [self.fileno], [], 0.2)[1]:
                    os.write(self.fileno, _AS_BEFORE.encode())
        os._exit(code)
