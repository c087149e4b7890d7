"""Exit codes and error messages of the command line."""

from __future__ import annotations

import contextlib
import sys

from audittui.escape import escaped

OK, ERROR, USAGE, INCOMPLETE, INTEGRITY = 0, 1, 2, 3, 4
"""Exit codes of every command: success; failure; invalid usage, or something named does not exist;
incomplete or not proven; the log failed verification."""


class ClosedOutputError(Exception):
    """The reader closed the output. Not an ``OSError``, for which click would exit with 1."""


def clear_line() -> None:
    """Clear the progress line on the terminal, so that other output starts on an empty line."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def say(message: str, hint: str, code: int) -> int:
    """Print what went wrong and what to do, escaped, to standard error; return ``code``."""
    text = escaped(f"{message} {hint}".strip())
    if not message.startswith(("Usage", "Stopped")):
        text = f"Error: {text}"
    clear_line()
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")
    return code
