"""What opening a store may do beside opening it: ask the person, remember, tell."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Access(msgspec.Struct, frozen=True):
    """How a store is reached on somebody's behalf.

    ``ask_code`` asks for an MFA code, given what it is for, and returns it; None where nobody can
    be asked. ``keep_session`` lets sessions of roles be read from and kept in the AWS CLI's own
    cache. ``tell`` is told of every request to AWS, in a line; from any thread.
    """

    ask_code: Callable[[str], str] | None = None
    keep_session: bool = True
    tell: Callable[[str], None] | None = None


NOBODY = Access()
"""Nobody to ask, nobody to tell."""
