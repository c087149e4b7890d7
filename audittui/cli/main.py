"""The entry point: opens the terminal or runs a command, and reports errors."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TextIO

from audittui.cli.exit_codes import ERROR, INCOMPLETE, OK, ClosedOutputError, say
from audittui.cli.fast_start import open_on, terminal_options
from audittui.cli.signals import leave_quietly, terminations_interrupt
from audittui.errors import AuditError, unexpected


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    try:
        code = run(arguments)
    except KeyboardInterrupt:
        # A second one, while the first is being reported.
        code = INCOMPLETE
    leave_quietly()
    if sys.stderr is not None:
        try:
            sys.stderr.flush()
        except (OSError, ValueError):
            # Nobody reads it any more; Python's own exit would change the exit code.
            _give_up(sys.stderr)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code. Never raises."""
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        # The next file opened would take its descriptor and receive the output.
        hint = "Redirect it, such as to /dev/null."
        return say("Standard output is closed.", hint, ERROR)
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
    except (ClosedOutputError, BrokenPipeError):
        _give_up(sys.stdout)
        return OK
    except OSError as error:
        return say(*_os_error(error), ERROR)
    except Exception as error:
        if os.environ.get("AUDITTUI_DEBUG"):
            raise
        told = unexpected(error, "Run it with AUDITTUI_DEBUG=1 and report the output.")
        return say(told.message, told.hint, told.exit_code)
    return code


def _os_error(error: OSError) -> tuple[str, str]:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full and error.filename is None:
        # Errors of files carry a file name; only a stream has none.
        _give_up(sys.stdout)
        return (
            "The disk is full: standard output is incomplete.",
            "Free some space. Entries that were appended stay; rerun only commands that just read.",
        )
    place = f" ({error.filename})" if error.filename else ""
    if full:
        return f"The disk is full{place}.", "Free some space and run the command again."
    return f"{error.strerror or error}{place}.", ""


def _give_up(stream: TextIO) -> None:
    """Discard what is left in ``stream``, so that Python's own exit is quiet too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
