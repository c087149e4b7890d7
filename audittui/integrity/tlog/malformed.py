"""What the strict parsers of this room raise."""

from __future__ import annotations


class MalformedError(ValueError):
    """Bytes that are not in their format's one canonical spelling; the message says why."""


def malformed(format_name: str, why: str) -> MalformedError:
    """The error for ``format_name`` (such as "checkpoint")."""
    return MalformedError(f"malformed {format_name}: {why}")
