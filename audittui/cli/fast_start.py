"""Opening the terminal application without what only commands need: importing click is felt."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

CONNECTION = ("store", "table", "region", "endpoint_url", "aws_profile", "layout", "profile")
"""The options that say what to connect to."""


def terminal_options(words: Sequence[str]) -> dict[str, str | None] | None:
    """The connection options in ``words`` where there is nothing but those, so that the terminal
    opens; None for everything else, also for what is wrong: click reads that, and says so."""
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

    ``keep_session`` lets sessions of AWS roles be read and kept in the AWS CLI's cache.
    """
    import gc

    # Nothing that is made up to the first frame is garbage; the application collects from then on.
    gc.disable()
    from audittui.cli.terminal import open_terminal

    open_terminal(connection, keep_session=keep_session)
