"""The entry point: finds the command, and turns every error into one sentence and an exit code."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import sys
from typing import Any

import click

from audittui import __version__
from audittui.cli.options import connection_options
from audittui.errors import AuditError
from audittui.escape import escaped

OK, ERROR, USAGE, INCOMPLETE, INTEGRITY = 0, 1, 2, 3, 4
"""Exit codes of every command."""

COMMANDS = {
    "run": ("audittui.cli.run", "Answer a runbook."),
    "tail": ("audittui.cli.tail", "Show what a runbook asks for as it comes in."),
    "show": ("audittui.cli.show", "Show one entry, whole."),
    "trace": ("audittui.cli.trace", "Show the lifecycle of a resource, with what changed."),
    "verify": ("audittui.cli.verify", "Check entries: one, a chain, or all."),
    "seal": ("audittui.cli.seal", "Sign a checkpoint of what was appended."),
    "checkpoint": ("audittui.cli.checkpoint", "Show, verify and import signed checkpoints."),
    "key": ("audittui.cli.key", "Make and show keys that sign checkpoints."),
    "evidence": ("audittui.cli.evidence", "Bundle entries with their proofs; check bundles."),
    "tlog": ("audittui.cli.tlog", "Export a chain for independent tools."),
    "append": ("audittui.cli.append", "Append one entry."),
    "import": ("audittui.cli.importing", "Import real logs: CloudTrail, JSON Lines."),
    "table": ("audittui.cli.table", "Create or describe a table."),
    "runbooks": ("audittui.cli.runbooks", "List, show and check runbooks."),
    "config": ("audittui.cli.config", "Show the configuration and where it is."),
    "demo": ("audittui.cli.demo", "Open an incident to solve; needs no AWS."),
}
"""Every command: the module that holds it (as ``command``) and its help in a line."""


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="audittui", message="%(prog)s %(version)s")
@connection_options
@click.pass_context
def cli(ctx: click.Context, /, **connection: str | None) -> None:
    """Investigate an audit log in DynamoDB, or in a file.

    Without a command the terminal application opens. The connection options may stand before or
    after a command. Exit codes: 0 complete, 1 error, 2 usage, 3 incomplete, 4 integrity failure.
    """
    ctx.obj = connection
    if ctx.invoked_subcommand is None:
        # Nothing that is made up to the first frame is garbage; the application collects from then.
        gc.disable()
        from audittui.cli.terminal import open_terminal

        open_terminal(connection)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code. Never raises."""
    try:
        result = cli.main(args=arguments, prog_name="audittui", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        help_wanted.show()
        return USAGE
    except click.UsageError as error:
        return _say(f"Usage: {error.format_message()}", _usage_hint(error), USAGE)
    except click.ClickException as error:
        return _say(error.format_message(), "", ERROR)
    except AuditError as error:
        return _say(error.message, error.hint, error.exit_code)
    except (KeyboardInterrupt, click.Abort, EOFError):
        return _say("Stopped.", "", INCOMPLETE)
    except BrokenPipeError:
        return _silent()
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.EINVAL) and _stdout_gone():
            return _silent()
        return _say(*_os_error(error), ERROR)
    except Exception as error:
        if os.environ.get("AUDITTUI_DEBUG"):
            raise
        return _say(
            f"audittui met something it did not expect: {type(error).__name__}: {error}.",
            "Run it with AUDITTUI_DEBUG=1 and report what it prints.",
            ERROR,
        )
    return result if isinstance(result, int) else OK


def _usage_hint(error: click.UsageError) -> str:
    return f"See {error.ctx.command_path} --help." if error.ctx else ""


def _os_error(error: OSError) -> tuple[str, str]:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{place}.", "Free some space and run the command again."
    return f"{error.strerror or error}{place}.", ""


def _say(message: str, hint: str, code: int) -> int:
    text = escaped(f"{message} {hint}".strip())
    if not message.startswith(("Usage", "Stopped")):
        text = f"Error: {text}"
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")
    return code


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
