"""The entry point: opens the terminal or finds the command; every error becomes one sentence."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

from audittui.cli.ending import ERROR, INCOMPLETE, OK, say
from audittui.cli.opening import open_on, terminal_options
from audittui.cli.signals import leave_quietly, terminations_interrupt
from audittui.errors import AuditError


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    try:
        code = run(arguments)
    except KeyboardInterrupt:
        # A second one, while the first is being told.
        code = INCOMPLETE
    leave_quietly()
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code. Never raises."""
    connection = terminal_options(sys.argv[1:] if arguments is None else arguments)
    code = OK
    try:
        if connection is not None:
            open_on(connection)
        else:
            from audittui.cli.group import answer

            with terminations_interrupt():
                code = answer(arguments)
        sys.stdout.flush()
    except AuditError as error:
        return say(error.message, error.hint, error.exit_code)
    except (KeyboardInterrupt, EOFError):
        return say("Stopped.", "", INCOMPLETE)
    except BrokenPipeError:
        return _silent()
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.EINVAL) and _stdout_gone():
            return _silent()
        return say(*_os_error(error), ERROR)
    except Exception as error:
        if os.environ.get("AUDITTUI_DEBUG"):
            raise
        return say(
            f"audittui met something it did not expect: {type(error).__name__}: {error}.",
            "Run it with AUDITTUI_DEBUG=1 and report what it prints.",
            ERROR,
        )
    return code


def _os_error(error: OSError) -> tuple[str, str]:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{place}.", "Free some space and run the command again."
    return f"{error.strerror or error}{place}.", ""


def _stdout_gone() -> bool:
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        return True
    return False


def _silent() -> int:
    """A closed pipe is no error: the reader has had enough. Keep Python's exit quiet too."""
    nowhere: Any = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return OK
