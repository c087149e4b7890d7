"""How the command line ends: its exit codes, and the sentence of an error."""

from __future__ import annotations

import contextlib
import sys

from audittui.escape import escaped

OK, ERROR, USAGE, INCOMPLETE, INTEGRITY = 0, 1, 2, 3, 4
"""Exit codes of every command: everything was done; it failed; it cannot be meant, or what it names
is not there; a part is missing or not proven; the log is not what it should be."""


class ClosedOutputError(Exception):
    """Whoever read the output has had enough. Not an ``OSError``, which click would end with 1."""


def clear_line() -> None:
    """Take what shows progress off the terminal, before other lines: they never share one."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def say(message: str, hint: str, code: int) -> int:
    """Say what went wrong and what to do, harmless, on the error stream; the exit ``code``."""
    text = escaped(f"{message} {hint}".strip())
    if not message.startswith(("Usage", "Stopped")):
        text = f"Error: {text}"
    clear_line()
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")
    return code
