"""The errors that reach a person: one sentence of what happened, one of what to do."""

from __future__ import annotations


class AuditError(Exception):
    """An error for a person's eyes.

    ``message`` says what happened, ``hint`` what to do about it (may be empty). ``exit_code`` is
    what a command ends with: 1 error, 2 usage.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(AuditError):
    """What the user typed cannot be meant: a wrong parameter, option or combination."""

    exit_code = 2


class EntryRefusedError(UsageError):
    """An entry that cannot be written: too large, not encodable, a field out of range."""


class IntegrityError(AuditError):
    """The log is not what it should be, so that nothing may be signed or believed."""

    exit_code = 4


class StoreError(AuditError):
    """The store did not answer, or refused.

    ``kind`` is one of ``missing_table credentials permission throttled network invalid disk
    corrupt other``. ``tried`` is how the store was to be reached, line by line: a name
    (credentials, region, endpoint ...) and its value, harmless and without a secret. ``brief`` is
    the fault in two or three words, where ``kind`` says too little. ``usage`` is True where what
    was named is not there or cannot be meant: the exit code is 2 then.
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
    """What is told of an error that nobody foresaw, in a sentence instead of a traceback."""
    return AuditError(
        f"audittui met something it did not expect: {type(error).__name__}: {error}.", hint
    )
