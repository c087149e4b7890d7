"""Waits of a run (throttling, say) on standard error, shown while they last."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from audittui.cli.notes import note
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.query.execute import Execution
    from audittui.query.result import ResultPage


_APART = 5.0
"""Seconds between two lines that say the same but for the numbers, off a terminal."""


class Waits:
    """On a terminal one line that is written over; elsewhere lines, as far as they are news."""

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
        """Take the line off the terminal, before other lines."""
        with self._lock:
            if self._shown:
                with suppress(OSError):
                    sys.stderr.write("\r\x1b[K")
                    sys.stderr.flush()
                self._shown = False

    def pages(self, execution: Execution) -> Iterator[ResultPage]:
        """The pages of a run; what was shown of waits is gone when one comes."""
        for page in execution.pages():
            self.clear()
            yield page
