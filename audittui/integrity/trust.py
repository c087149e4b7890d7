"""Which checkpoints are trusted: those that a trusted key signed for this very chain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from audittui.errors import UsageError
from audittui.integrity.gap import Gap, parse_gap
from audittui.integrity.statement import Prune, Retention, parse_prune, parse_retention
from audittui.integrity.tlog.checkpoint import Checkpoint, parse_checkpoint
from audittui.integrity.tlog.keys import VerifierKey, parse_verifier_key
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.note import parse_note, verified_by

Statement = TypeVar("Statement", Checkpoint, Retention, Prune, Gap)


class UntrustedError(Exception):
    """A note that is not trusted. The message says why, as the end of a sentence."""


class Trust:
    """The keys that are trusted.

    One key serves all chains. Its own name is that of the logs' owner. For a chain it signs under
    that log's origin: the key ``audit.example.com`` signs as ``audit.example.com/payments/0``, so a
    checkpoint's key name is its origin, as tlog-checkpoint recommends.
    """

    def __init__(self, keys: Sequence[VerifierKey]) -> None:
        self.keys = tuple(keys)

    def __bool__(self) -> bool:
        """True if any key is trusted."""
        return bool(self.keys)

    @property
    def digest(self) -> str:
        """Identifies the set of keys; empty if there is none."""
        texts = sorted(key.text for key in self.keys)
        return hashlib.sha256("\n".join(texts).encode()).hexdigest() if texts else ""

    def checkpoint(self, note: str, chain: str) -> Checkpoint:
        """The checkpoint in ``note``. Raises `UntrustedError`."""
        return self._believed(note, chain, parse_checkpoint)

    def retention(self, note: str, chain: str) -> Retention:
        """The retention statement in ``note``. Raises `UntrustedError`."""
        return self._believed(note, chain, parse_retention)

    def prune(self, note: str, chain: str) -> Prune:
        """The prune record in ``note``. Raises `UntrustedError`."""
        return self._believed(note, chain, parse_prune)

    def gap(self, note: str, chain: str) -> Gap:
        """The gap statement in ``note``. Raises `UntrustedError`."""
        return self._believed(note, chain, parse_gap)

    def _believed(self, note: str, chain: str, parse: Callable[[str], Statement]) -> Statement:
        try:
            parsed = parse_note(note.encode())
            keys = [key.named(origin_of(key.name, chain)) for key in self.keys]
            signers = verified_by(parsed, keys)
            if not signers:
                names = ", ".join(sorted({signature.name for signature in parsed.signatures}))
                raise UntrustedError(f"no trusted key signed it (it names {names})")
            statement = parse(parsed.text)
        except (MalformedError, UnicodeEncodeError) as error:
            raise UntrustedError(f"it is a {error}") from None
        allowed = sorted(signer.name for signer in signers)
        if statement.origin not in allowed:
            raise UntrustedError(f"it is for {statement.origin}, not for {' or '.join(allowed)}")
        return statement


def origin_of(owner: str, chain: str) -> str:
    """The origin of a chain's log."""
    return f"{owner}/{chain}"


def trusted_keys(texts: Sequence[str]) -> tuple[VerifierKey, ...]:
    """The keys that a configuration names. Raises `UsageError`."""
    keys = []
    for text in texts:
        try:
            keys.append(parse_verifier_key(text))
        except MalformedError as error:
            raise UsageError(
                f"A trusted key cannot be read: {error}.",
                "Run audittui key show FILE to print the key to trust.",
            ) from None
    return tuple(keys)
