"""What a command says beside its data, on standard error."""

from __future__ import annotations

import contextlib

import click


def note(text: str) -> None:
    """Say ``text`` on a line of its own. Where nobody is left to read it (a lost connection), the
    command goes on to its end."""
    with contextlib.suppress(OSError, ValueError):
        click.echo(text, err=True)
