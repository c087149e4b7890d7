"""Notes on standard error, beside a command's data."""

from __future__ import annotations

import contextlib

import click


def note(text: str) -> None:
    """Print ``text`` on its own line. If standard error is closed (a lost connection), the command
    still runs to its end."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)
