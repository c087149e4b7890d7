"""What opening a store may do on the side: ask for a code, keep sessions, report requests."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Access(msgspec.Struct, frozen=True):
    """How AWS is reached on behalf of a person.

    ``ask_code`` prompts for an MFA code and returns it; None if nobody can be asked.
    ``keep_session`` reads and keeps role sessions in the AWS CLI's own cache. ``tell`` is called
    with a line for every request to AWS, from any thread.
    """

    ask_code: Callable[[str], str] | None = None
    keep_session: bool = True
    tell: Callable[[str], None] | None = None


NOBODY = Access()
"""No prompts, no reports."""
