"""The exception of the strict parsers in this package."""

from __future__ import annotations


class MalformedError(ValueError):
    """Bytes that are not in the canonical form of their format; the message says why."""


def malformed(format_name: str, why: str) -> MalformedError:
    """The error for ``format_name`` (such as "checkpoint")."""
    return MalformedError(f"malformed {format_name}: {why}")
