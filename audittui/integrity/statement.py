"""What a sealer signs besides checkpoints: when entries expire, and which may be gone.

Both are signed notes of two lines: the log's origin, then a word and its values. A checkpoint's
second line is a number, so they cannot be confused.

- ``retention <size> <expires_at>``: the entries below ``size`` live until ``expires_at`` at the
  latest (Unix seconds, or ``never``). Expiry never decreases along a chain, so this is the last
  entry's.
- ``prune <below>``: all entries below this seq may be gone.
"""

from __future__ import annotations

import re

import msgspec

from audittui.integrity.tlog.malformed import malformed

_NEVER = "never"
_NUMBER = r"0|[1-9][0-9]{0,18}"
_RETENTION = re.compile(rf"([^\n]+)\nretention ({_NUMBER}) ({_NUMBER}|{_NEVER})\n")
_PRUNE = re.compile(rf"([^\n]+)\nprune ({_NUMBER})\n")


class Retention(msgspec.Struct, frozen=True):
    """The entries below ``size`` may be deleted after ``expires_at`` (Unix seconds; None for
    never)."""

    origin: str
    size: int
    expires_at: int | None

    @property
    def text(self) -> str:
        """The note's text."""
        until = _NEVER if self.expires_at is None else str(self.expires_at)
        return f"{self.origin}\nretention {self.size} {until}\n"


class Prune(msgspec.Struct, frozen=True):
    """All entries below the seq ``below`` may be gone."""

    origin: str
    below: int

    @property
    def text(self) -> str:
        """The note's text."""
        return f"{self.origin}\nprune {self.below}\n"


def parse_retention(text: str) -> Retention:
    """The statement in a note's text. Raises `MalformedError`."""
    match = _RETENTION.fullmatch(text)
    if match is None:
        raise malformed("retention statement", "it is not origin, retention, size and expiry")
    origin, size, until = match.groups()
    return Retention(origin, int(size), None if until == _NEVER else int(until))


def parse_prune(text: str) -> Prune:
    """The statement in a note's text. Raises `MalformedError`."""
    match = _PRUNE.fullmatch(text)
    if match is None:
        raise malformed("prune record", "it is not origin, prune and a seq")
    return Prune(match[1], int(match[2]))
