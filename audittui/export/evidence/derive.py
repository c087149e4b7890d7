"""What the files of a bundle prove by themselves, held against what its manifest says of them.

Nothing here believes a verdict. What needs the table, that an entry is absent or that an index or a
neighbour disagrees, cannot be found here: a failing verdict stays the collector's word.
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
"""The verdicts that find nothing wrong with an entry that is there."""
ABSENT = frozenset(
    {
        "EXPIRED", "EXPIRED (not yet recorded)", "MISSING", "MISSING (may have expired)",
        "MISSING (may not be replicated yet)", "TRUNCATED",
        "TRUNCATED (may not be replicated yet)", "GAP",
    }
)  # fmt: skip
"""The verdicts on an entry that is not there. In the place of a GAP stands a signed statement."""
PROVEN = frozenset({"ANCHORED"})
"""The verdicts that need a proof; a GAP may have one."""
_NAMES = frozenset(get_args(VerdictName))


class Point(msgspec.Struct, frozen=True):
    """A believed checkpoint of one chain, and its note as it lies in the bundle."""

    checkpoint: Checkpoint
    note: bytes


class Derived(msgspec.Struct, frozen=True):
    """What one entry's files say. ``entry`` is None where there is none or it cannot be read.

    ``fault`` is how that differs from what the manifest says; empty where it does not.
    """

    said: BundledEntry
    entry: Entry | None
    proven: bool
    fault: str


def believed(said: BundledCheckpoint, note: bytes, trust: Trust) -> Point | str:
    """The checkpoint in ``note``, or what is wrong with it."""
    try:
        if parse_note(note).encoded() != note:
            return "it is not spelled as checkpoints are."
        point = trust.checkpoint(note.decode(), said.chain)
    except UntrustedError as error:
        return f"{error}."
    except MalformedError as error:
        return f"it is a {error}."
    if (point.origin, point.size) != (said.origin, said.size):
        return "it is another than the manifest says."
    return Point(point, note)


def derive(
    said: BundledEntry, text: bytes | None, proof: bytes | None, point: Point | None, trust: Trust
) -> Derived:
    """Hold one entry of the manifest against its stored ``text``, its ``proof`` and the chain's
    checkpoint; None for what the bundle does not have. ``trust`` says whose gaps may be told."""
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
    """Entries of one chain that are called good, and do not follow from one another."""
    places = {one.said.seq: one for one in derived if one.said.verdict in GOOD}
    wrong = []
    for seq, one in sorted(places.items()):
        before = places.get(seq - 1)
        if before is None or one.entry is None:
            continue
        if one.entry.prev_hash != before.said.hash:
            fault = f"it does not follow from {seq - 1}, yet neither is said to be wrong."
            wrong.append((one.said, fault))
    return wrong


def _wrong_words(said: BundledEntry, text: bytes | None) -> str:
    """What the manifest says that cannot be said."""
    if said.verdict not in _NAMES:
        return f"there is no verdict {said.verdict[:40]!r}."
    if not 0 <= said.seq <= MAX_SEQ:
        return "there is no such place in a chain."
    if said.verdict in FAILURES - ABSENT and not said.fault:
        return f"it is called {said.verdict}, and nothing is said to be wrong."
    if said.verdict == "GAP":
        return _wrong_gap(said, text)
    if said.verdict in ABSENT and text is not None:
        return f"it is called {said.verdict}, but it is there."
    if text is None:
        if said.verdict not in ABSENT:
            return f"it is called {said.verdict}, but it is not there."
        if said.hash or said.time or said.proof:
            return "it is not there, but something is said of what it holds."
    return ""


def _wrong_gap(said: BundledEntry, text: bytes | None) -> str:
    """What is wrong with the statement in the place of an entry that is gone for ever."""
    if text is None:
        return "it is called GAP, but nobody's statement is there."
    try:
        gap = parse_gap_leaf(text, said.seq)
    except MalformedError as error:
        return f"it is called GAP, but its text is a {error}."
    if not gap.origin.endswith(f"/{said.chain}"):
        return "it is called GAP, but its statement is of another log."
    return ""


def _strange_gap(said: BundledEntry, text: bytes, trust: Trust) -> str:
    """What is wrong with a statement that no proof vouches for: it is no trusted key's log's."""
    origin = parse_gap_leaf(text, said.seq).origin
    if origin not in {origin_of(key.name, said.chain) for key in trust.keys}:
        return "it is called GAP, but its statement is of another log."
    return ""


def _wrong_copies(said: BundledEntry, text: bytes, entry: Entry | None) -> str:
    if hash_body(text).hex() != said.hash:
        return "it does not hash to what the manifest says."
    if said.time != ("" if entry is None else entry.time):
        return "its time is another than the manifest says."
    return ""


def _unproven(said: BundledEntry, text: bytes, proof: bytes, point: Point | None) -> str:
    """Why the proof does not prove this very entry under this very checkpoint."""
    if point is None:
        return "it has a proof, but there is no checkpoint that is to be believed."
    try:
        parsed = parse_tlog_proof(proof)
    except MalformedError as error:
        return f"its proof is a {error}."
    if parsed.encoded() != proof:
        return "its proof is not spelled as proofs are."
    if parsed.note.encoded() != point.note:
        return "its proof leads to another checkpoint than the bundle's."
    if parsed.index != said.seq or parsed.extra != text:
        return "its proof is another entry's."
    root, size = point.checkpoint.root, point.checkpoint.size
    if not inclusion_holds(hash_body(text), said.seq, size, parsed.hashes, root):
        return "its proof does not hold."
    return ""


def _wrong_verdict(
    said: BundledEntry, text: bytes | None, entry: Entry | None, proven: bool, point: Point | None
) -> str:
    """How the verdict differs from what can be derived."""
    if said.verdict in GOOD:
        if entry is None:
            return f"it is called {said.verdict}, but it cannot be read as an entry."
        if (entry.chain, entry.seq) != (said.chain, said.seq):
            return f"it is called {said.verdict}, but its text names another place."
    if proven != (said.verdict in PROVEN) and not (proven and said.verdict == "GAP"):
        held = "its proof holds" if proven else "no proof holds"
        return f"it is called {said.verdict}, but {held}."
    if proven or text is None or said.fault:
        return ""
    if point is not None and said.seq < point.checkpoint.size:
        size = point.checkpoint.size
        return f"it lies below the checkpoint of size {size:,}, but no proof is there."
    if said.verdict in GOOD and entry is not None and not said.seq and entry.prev_hash != NO_HASH:
        return f"it is called {said.verdict}, but the first entry names a predecessor."
    return ""
