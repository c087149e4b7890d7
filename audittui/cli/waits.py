"""Shows waits of a run, such as throttling, on standard error while they last."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from audittui.cli.notes import note
from audittui.escape import escaped
from audittui.store.port import ANSWERS_AGAIN

if TYPE_CHECKING:
    from audittui.query.execution import Execution
    from audittui.query.result import ResultPage


_KEY = "audittui.waits"
_APART = 5.0
"""Seconds between lines that differ only in their numbers, if not on a terminal."""


def waits_of(ctx: click.Context) -> Waits:
    """The `Waits` of a command, shared by everything that waits in it."""
    root = ctx.find_root()
    found = root.meta.get(_KEY)
    if found is None:
        found = root.meta[_KEY] = Waits()
        root.call_on_close(found.clear)
    assert isinstance(found, Waits)
    return found


class Waits:
    """On a terminal, one line, rewritten in place; otherwise separate lines, without repeats."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = False
        self._kind = ""
        self._told = 0.0
        self._lock = threading.Lock()

    def tell(self, sentence: str) -> None:
        """Show a sentence. Callable from any thread."""
        text = escaped(sentence)
        with self._lock:
            if self._terminal and sentence == ANSWERS_AGAIN:
                self._wipe()
                return
            if self._terminal:
                width = shutil.get_terminal_size().columns - 1
                with suppress(OSError):
                    sys.stderr.write(f"\r\x1b[K{text[:width]}")
                    sys.stderr.flush()
                self._shown = True
                return
            kind, now = re.split("[,:]", text, maxsplit=1)[0], time.monotonic()
            if kind != self._kind or now - self._told >= _APART:
                note(text)
                self._kind, self._told = kind, now

    def clear(self) -> None:
        """Clear the line, before other lines are printed."""
        with self._lock:
            self._wipe()

    def _wipe(self) -> None:
        if self._shown:
            with suppress(OSError):
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            self._shown = False

    def pages(self, execution: Execution) -> Iterator[ResultPage]:
        """The pages of a run; each one clears the wait shown."""
        for page in execution.pages():
            self.clear()
            yield page
