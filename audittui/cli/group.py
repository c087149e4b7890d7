"""The command group; each command is imported only when it is used."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from audittui import __version__
from audittui.cli.exit_codes import ERROR, INCOMPLETE, OK, USAGE, ClosedOutputError, say
from audittui.cli.fast_start import open_on
from audittui.cli.options import connection_options, is_set
from audittui.errors import UsageError
from audittui.suggest import suggestion

_MISTYPED = re.compile(r"No such command ['\"](.*?)['\"]\.", re.DOTALL)

COMMANDS = {
    "run": ("audittui.cli.run", "Run a runbook."),
    "tail": ("audittui.cli.tail", "Follow a runbook's results live."),
    "show": ("audittui.cli.show", "Show one entry in full."),
    "trace": ("audittui.cli.trace", "Show the lifecycle of a resource and its changes."),
    "verify": ("audittui.cli.verify", "Verify one entry, a chain, or all."),
    "seal": ("audittui.cli.seal", "Sign checkpoints of appended entries."),
    "checkpoint": (
        "audittui.cli.checkpoint",
        "Show, verify, import and forget signed checkpoints.",
    ),
    "key": ("audittui.cli.key", "Generate and show keys that sign checkpoints."),
    "evidence": ("audittui.cli.evidence", "Bundle entries with their proofs, and verify bundles."),
    "tlog": ("audittui.cli.tlog", "Export a chain for independent tools."),
    "append": ("audittui.cli.append", "Append one entry."),
    "import": ("audittui.cli.import_command", "Import CloudTrail files or JSON Lines."),
    "table": ("audittui.cli.table", "Create or describe a table."),
    "runbooks": ("audittui.cli.runbooks", "List, show and check runbooks."),
    "config": ("audittui.cli.config", "Show and check the configuration."),
    "demo": ("audittui.cli.demo", "Investigate a sample incident; needs no AWS."),
}
"""Every command: the module that defines it (as ``command``) and its one-line help."""


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are used."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Make the context, which may print help. Raises `ClosedOutputError`."""
        with _closed_output():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises `ClosedOutputError`."""
        with _closed_output():
            return super().invoke(ctx)

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
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@contextmanager
def _closed_output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ClosedOutputError from error


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="audittui", message="%(prog)s %(version)s")
@connection_options
@click.pass_context
def cli(ctx: click.Context, /, **connection: str | None) -> None:
    """Investigate an audit log in DynamoDB or in a file.

    Without a command, the terminal application opens. Connection options may come before or after
    a command. Exit codes: 0 complete, 1 error, 2 usage, 3 incomplete, 4 integrity failure.
    """
    ctx.obj = connection
    if ctx.invoked_subcommand is None:
        if is_set(ctx, "verbose"):
            raise UsageError(
                "--verbose needs a command; it would write over the terminal application.",
                "There, x shows the plan of a run and its cost.",
            )
        open_on(connection, keep_session=not is_set(ctx, "no_session_cache"))


def answer(words: Sequence[str] | None) -> int:
    """Run the command line ``words`` (None: the arguments of the process); return the exit code.

    Usage errors are printed. Raises what commands raise: `AuditError`, ``OSError``,
    `ClosedOutputError`.
    """
    try:
        result = cli.main(args=words, prog_name="audittui", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        help_wanted.show()
        return USAGE
    except click.UsageError as error:
        return say(f"Usage: {_nearest(error)}", _usage_hint(error), USAGE)
    except click.ClickException as error:
        return say(error.format_message(), "", ERROR)
    except click.Abort:
        return say("Stopped.", "", INCOMPLETE)
    return result if isinstance(result, int) else OK


def _nearest(error: click.UsageError) -> str:
    """The message of ``error``, with the nearest command if one was mistyped; click itself knows
    only imported commands."""
    told = error.format_message()
    found = _MISTYPED.match(told)
    if found is None or error.ctx is None or not isinstance(error.ctx.command, click.Group):
        return told
    known = error.ctx.command.list_commands(error.ctx)
    said = suggestion(found.group(1), known)
    end = "?" if said.startswith("did") else "."
    return f"Unknown command {found.group(1)!r}. {said[0].upper()}{said[1:]}{end}"


def _usage_hint(error: click.UsageError) -> str:
    return f"See {error.ctx.command_path} --help." if error.ctx else ""
