"""Opens the terminal application."""

from __future__ import annotations

from collections.abc import Mapping

from audittui.errors import UsageError


def open_terminal(options: Mapping[str, str | None]) -> None:
    """Run the application on what ``options`` name. Raises `UsageError` without a terminal."""
    import sys
    from functools import partial

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The terminal application needs a terminal.",
            "For scripts there is audittui run; see audittui --help.",
        )
    from audittui.cli.options import folders
    from audittui.config import load_config
    from audittui.connection import open_connection, resolve_target
    from audittui.tui.app import AuditApp

    config = load_config()
    target = resolve_target(options, config)
    connect = partial(open_connection, read_only=True)
    AuditApp(target, folders(), connect, config.keys, config.theme).run()
