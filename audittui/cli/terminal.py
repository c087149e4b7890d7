"""Opens the terminal application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audittui.errors import UsageError, unexpected

if TYPE_CHECKING:
    from audittui.tui.app import AuditApp


def open_terminal(options: Mapping[str, str | None], *, keep_session: bool = True) -> None:
    """Run the application with connection ``options``. Raises `UsageError` without a terminal."""
    import sys
    from functools import partial

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The terminal application needs a terminal.",
            "Use audittui run in scripts; see audittui --help.",
        )
    from audittui.aws.access import Access
    from audittui.checked_config import checked_config
    from audittui.cli.runbook_folders import runbook_folders
    from audittui.connection import open_connection, resolve_target
    from audittui.tui.app import AuditApp

    config = checked_config(theme=False)
    target = resolve_target(options, config)
    # No MFA prompt: it would appear in the middle of the application.
    connect = partial(open_connection, read_only=True, access=Access(keep_session=keep_session))
    run_application(AuditApp(target, runbook_folders(config), connect, config.keys, config.theme))


def run_application(app: AuditApp) -> None:
    """Run the application; any failure becomes one sentence. Raises `AuditError`, and
    ``SystemExit`` if a signal ended it (128 plus its number, as in shells)."""
    app.run()
    crash = app.crash
    if crash is not None:
        raise unexpected(crash, "Run it with AUDITTUI_DEBUG=1 and report the output.")
    if app.return_code:
        raise SystemExit(app.return_code)
