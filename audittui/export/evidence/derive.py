"""Derives what the files of a bundle prove by themselves, and compares it with the manifest.

No verdict is taken on trust. What only the table shows, such as an absent entry or a mismatch with
an index or a neighbour, cannot be derived: a failing verdict remains the collector's statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import msgspec

from audittui.entry import NO_HASH, Entry, hash_body
from audittui.export.evidence.manifest import BundledCheckpoint, BundledEntry
from audittui.export.evidence.report import read_entry
from audittui.integrity.chain_reader import MAX_SEQ
from audittui.integrity.gap import parse_gap_leaf
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.merkle import inclusion_holds
from audittui.integrity.tlog.note import parse_note
from audittui.integrity.tlog.proof import parse_tlog_proof
from audittui.integrity.trust import Trust, UntrustedError, origin_of
from audittui.integrity.verifying.verdict import FAILURES, VerdictName

GOOD = frozenset({"ANCHORED", "CHAINED", "UNANCHORED"})
"""Verdicts that find nothing wrong with a present entry."""
ABSENT = frozenset(
    {
        "EXPIRED", "EXPIRED (not yet recorded)", "MISSING", "MISSING (may have expired)",
        "MISSING (may not be replicated yet)", "TRUNCATED",
        "TRUNCATED (may not be replicated yet)", "GAP",
    }
)  # fmt: skip
"""Verdicts on an absent entry. A GAP has a signed statement in its place."""
PROVEN = frozenset({"ANCHORED"})
"""Verdicts that need a proof; a GAP may have one."""
_NAMES = frozenset(get_args(VerdictName))


class Point(msgspec.Struct, frozen=True):
    """A trusted checkpoint of one chain, and its note as stored in the bundle."""

    checkpoint: Checkpoint
    note: bytes


class Derived(msgspec.Struct, frozen=True):
    """What one entry's files say. ``entry`` is None if it is absent or unreadable.

    ``fault`` is how they differ from the manifest; empty if they do not.
    """

    said: BundledEntry
    entry: Entry | None
    proven: bool
    fault: str


def believed(said: BundledCheckpoint, note: bytes, trust: Trust) -> Point | str:
    """The checkpoint in ``note``, or its fault."""
    try:
        if parse_note(note).encoded() != note:
            return "it is not in canonical form."
        point = trust.checkpoint(note.decode(), said.chain)
    except UntrustedError as error:
        return f"{error}."
    except MalformedError as error:
        return f"it is a {error}."
    if (point.origin, point.size) != (said.origin, said.size):
        return "it does not match the manifest."
    return Point(point, note)


def derive(
    said: BundledEntry, text: bytes | None, proof: bytes | None, point: Point | None, trust: Trust
) -> Derived:
    """Compare one entry of the manifest with its stored ``text``, its ``proof`` and the chain's
    checkpoint; None for what the bundle does not have. Gap statements must be signed under
    ``trust``."""
    entry = None if text is None else read_entry(text)
    fault = _wrong_words(said, text)
    proven = False
    if text is not None:
        fault = fault or _wrong_copies(said, text, entry)
        if proof is not None:
            unproven = _unproven(said, text, proof, point)
            fault = fault or unproven
            proven = not unproven
        if said.verdict == "GAP" and not proven:
            fault = fault or _strange_gap(said, text, trust)
    return Derived(said, entry, proven, fault or _wrong_verdict(said, text, entry, proven, point))


def broken_links(derived: Iterable[Derived]) -> list[tuple[BundledEntry, str]]:
    """Faults of adjacent entries of one chain with good verdicts that do not link."""
    places = {one.said.seq: one for one in derived if one.said.verdict in GOOD}
    wrong = []
    for seq, one in sorted(places.items()):
        before = places.get(seq - 1)
        if before is None or one.entry is None:
            continue
        if one.entry.prev_hash != before.said.hash:
            fault = f"it does not follow from {seq - 1}, but both have good verdicts."
            wrong.append((one.said, fault))
    return wrong


def _wrong_words(said: BundledEntry, text: bytes | None) -> str:
    """Impossible statements in the manifest about one entry."""
    if said.verdict not in _NAMES:
        return f"its verdict is unknown: {said.verdict[:40]!r}."
    if not 0 <= said.seq <= MAX_SEQ:
        return "its chain or seq is invalid."
    if said.verdict in FAILURES - ABSENT and not said.fault:
        return f"its verdict is {said.verdict}, but no fault is given."
    if said.verdict == "GAP":
        return _wrong_gap(said, text)
    if said.verdict in ABSENT and text is not None:
        return f"its verdict is {said.verdict}, but it is present."
    if text is None:
        if said.verdict not in ABSENT:
            return f"its verdict is {said.verdict}, but it is absent."
        if said.hash or said.time or said.proof:
            return "it is absent, but the manifest describes its content."
    return ""


def _wrong_gap(said: BundledEntry, text: bytes | None) -> str:
    """The fault of the statement in place of an entry that is permanently gone."""
    if text is None:
        return "its verdict is GAP, but there is no statement."
    try:
        gap = parse_gap_leaf(text, said.seq)
    except MalformedError as error:
        return f"its verdict is GAP, but its text is a {error}."
    if not gap.origin.endswith(f"/{said.chain}"):
        return "its verdict is GAP, but its statement is for another log."
    return ""


def _strange_gap(said: BundledEntry, text: bytes, trust: Trust) -> str:
    """The fault of a statement without a proof: it must be for the log of a trusted key."""
    origin = parse_gap_leaf(text, said.seq).origin
    if origin not in {origin_of(key.name, said.chain) for key in trust.keys}:
        return "its verdict is GAP, but its statement is for another log."
    return ""


def _wrong_copies(said: BundledEntry, text: bytes, entry: Entry | None) -> str:
    if hash_body(text).hex() != said.hash:
        return "its hash does not match the manifest."
    if said.time != ("" if entry is None else entry.time):
        return "its time does not match the manifest."
    return ""


def _unproven(said: BundledEntry, text: bytes, proof: bytes, point: Point | None) -> str:
    """Why the proof does not prove this entry under this checkpoint."""
    if point is None:
        return "it has a proof, but there is no trusted checkpoint."
    try:
        parsed = parse_tlog_proof(proof)
    except MalformedError as error:
        return f"its proof is a {error}."
    if parsed.encoded() != proof:
        return "its proof is not in canonical form."
    if parsed.note.encoded() != point.note:
        return "its proof is for a checkpoint that is not in the bundle."
    if parsed.index != said.seq or parsed.extra != text:
        return "its proof is for another entry."
    root, size = point.checkpoint.root, point.checkpoint.size
    if not inclusion_holds(hash_body(text), said.seq, size, parsed.hashes, root):
        return "its proof is invalid."
    return ""


def _wrong_verdict(
    said: BundledEntry, text: bytes | None, entry: Entry | None, proven: bool, point: Point | None
) -> str:
    """How the verdict contradicts what can be derived."""
    if said.verdict in GOOD:
        if entry is None:
            return f"its verdict is {said.verdict}, but it cannot be read as an entry."
        if (entry.chain, entry.seq) != (said.chain, said.seq):
            return f"its verdict is {said.verdict}, but its text names another chain or seq."
    if proven != (said.verdict in PROVEN) and not (proven and said.verdict == "GAP"):
        held = "its proof is valid" if proven else "no proof is valid"
        return f"its verdict is {said.verdict}, but {held}."
    if proven or text is None or said.fault:
        return ""
    if point is not None and said.seq < point.checkpoint.size:
        size = point.checkpoint.size
        return f"it is below the checkpoint of size {size:,}, but has no proof."
    if said.verdict in GOOD and entry is not None and not said.seq and entry.prev_hash != NO_HASH:
        return f"its verdict is {said.verdict}, but it is the first entry and names a predecessor."
    return ""
