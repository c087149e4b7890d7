"""Opens the terminal application without importing click, which would delay the first frame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

CONNECTION = ("store", "table", "region", "endpoint_url", "aws_profile", "layout", "profile")
"""The options that select a connection."""


def terminal_options(words: Sequence[str]) -> dict[str, str | None] | None:
    """The connection options in ``words`` if they are all that is given, so that the terminal
    opens; None for anything else, including errors, which click reports."""
    if "_AUDITTUI_COMPLETE" in os.environ:
        # A shell asks for completions.
        return None
    names = {f"--{name.replace('_', '-')}": name for name in CONNECTION}
    found: dict[str, str | None] = dict.fromkeys(CONNECTION)
    left = iter(words)
    for word in left:
        option, given, value = word.partition("=")
        if option not in names:
            return None
        if not given:
            value = next(left, "-")
            if value.startswith("-"):
                return None
        found[names[option]] = value
    return found


def open_on(connection: Mapping[str, str | None], *, keep_session: bool = True) -> None:
    """Open the terminal application on what ``connection`` names. Raises `AuditError`.

    ``keep_session`` allows sessions of AWS roles to be cached in the AWS CLI's cache.
    """
    import gc

    # Nothing created before the first frame is garbage; the application collects from then on.
    gc.disable()
    from audittui.cli.terminal import open_terminal

    open_terminal(connection, keep_session=keep_session)
