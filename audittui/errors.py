"""Errors shown to users: one sentence on what happened, one on what to do."""

from __future__ import annotations


class AuditError(Exception):
    """An error to show to the user.

    ``message`` says what happened, ``hint`` what to do about it (may be empty). ``exit_code`` is
    the exit code of the command.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(AuditError):
    """Invalid usage: a wrong parameter, option or combination, or a name that does not exist."""

    exit_code = 2


class EntryRefusedError(UsageError):
    """An entry that cannot be written: too large, not encodable, or with a field out of range."""


class IntegrityError(AuditError):
    """The log failed verification; nothing in it may be signed or trusted."""

    exit_code = 4


class StoreError(AuditError):
    """The store did not respond, or refused a request.

    ``kind`` is one of ``missing_table credentials permission throttled network invalid disk
    corrupt other``. ``tried`` describes the connection as names (credentials, region, endpoint …)
    and values, escaped and without secrets. ``brief`` is the fault in two or three words, if
    ``kind`` is too general. ``usage`` is True if the user named something invalid or absent; the
    exit code is then 2.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        kind: str = "other",
        tried: tuple[tuple[str, str], ...] = (),
        brief: str = "",
        usage: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.tried = tried
        self.brief = brief
        if usage:
            self.exit_code = UsageError.exit_code


def unexpected(error: BaseException, hint: str = "") -> AuditError:
    """An unexpected error as one sentence instead of a traceback."""
    return AuditError(f"Unexpected error in audittui: {type(error).__name__}: {error}.", hint)
