"""Checkpoints and proofs read from files, offline, and accepted only under trusted keys."""

from __future__ import annotations

import msgspec

from audittui.entry import hash_body
from audittui.errors import IntegrityError, UsageError
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.merkle import inclusion_holds
from audittui.integrity.tlog.note import Note, parse_note
from audittui.integrity.tlog.proof import HEADER, TlogProof, parse_tlog_proof
from audittui.integrity.trust import Trust, UntrustedError


class CheckpointFile(msgspec.Struct, frozen=True):
    """A checkpoint of ``chain`` signed by a trusted key. ``note`` is its text form."""

    chain: str
    checkpoint: Checkpoint
    note: str


class ProvenEntry(msgspec.Struct, frozen=True):
    """An entry contained in and proven by a proof file: its seq and its body."""

    file: CheckpointFile
    seq: int
    body: bytes


def is_proof(data: bytes) -> bool:
    """True for the bytes of a tlog-proof."""
    return data.startswith(HEADER.encode() + b"\n")


def read_checkpoint(data: bytes, trust: Trust) -> CheckpointFile:
    """The checkpoint in ``data``. Raises `UsageError` if it is malformed, `IntegrityError` if no
    trusted key signed it."""
    try:
        return _believed(parse_note(data), trust)
    except MalformedError as error:
        raise UsageError(f"Not a checkpoint: {error}.") from None


def read_proof(data: bytes, trust: Trust) -> ProvenEntry:
    """The entry that the proof in ``data`` proves. Raises `UsageError` if it is not a proof,
    `IntegrityError` if the proof does not hold."""
    try:
        proof = parse_tlog_proof(data)
    except MalformedError as error:
        raise UsageError(f"Not a proof: {error}.") from None
    file = _believed(proof.note, trust)
    return _proven(proof, file)


def _proven(proof: TlogProof, file: CheckpointFile) -> ProvenEntry:
    if proof.extra is None:
        raise UsageError(
            "The proof contains no entry.",
            "Use audittui verify CHAIN SEQ --proof FILE to write one.",
        )
    point = file.checkpoint
    leaf = hash_body(proof.extra)
    if not inclusion_holds(leaf, proof.index, point.size, proof.hashes, point.root):
        raise IntegrityError(
            f"The entry in the proof is not entry {proof.index} of {point.origin}.",
            "The file was changed, or the proof was never valid.",
        )
    return ProvenEntry(file, proof.index, proof.extra)


def _believed(note: Note, trust: Trust) -> CheckpointFile:
    if not trust:
        raise UsageError(
            "No key is trusted, so nothing can be verified.",
            "Set trusted_keys in the profile, or give --trusted-key KEY.",
        )
    origin = note.text.partition("\n")[0]
    owners = [key.name + "/" for key in trust.keys if origin.startswith(key.name + "/")]
    chain = origin.removeprefix(max(owners, key=len, default=""))
    text = note.encoded().decode()
    try:
        return CheckpointFile(chain, trust.checkpoint(text, chain), text)
    except UntrustedError as error:
        raise IntegrityError(
            f"The checkpoint cannot be trusted: {error}.", "Do not rely on it."
        ) from None
