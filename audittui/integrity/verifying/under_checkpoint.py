"""Combines the links' verdict with the proof under a checkpoint. No I/O."""

from __future__ import annotations

import msgspec

from audittui.integrity.stored_entry import StoredEntry
from audittui.integrity.tlog.inclusion import Inclusion
from audittui.integrity.tlog.note import parse_note
from audittui.integrity.tlog.proof import TlogProof
from audittui.integrity.verifying.found_checkpoint import FoundCheckpoint
from audittui.integrity.verifying.replica_lag import advice, only_late, steps_of
from audittui.integrity.verifying.verdict import FAILURES, Step, Verdict, VerdictName

ANCHORED = "This is the entry that was sealed; the checkpoint is signed by a trusted key."
_LINKS = ("previous link", "next link")


def verify_under_checkpoint(
    verdict: Verdict, place: StoredEntry, found: FoundCheckpoint, inclusion: Inclusion | None,
    write_region: str = "",
) -> Verdict:  # fmt: skip
    """``verdict``, derived from links and copies, completed by a checkpoint.

    ``inclusion`` is None if the checkpoint does not reach the entry, or if there is none.
    ``write_region`` is the region the chain is written in, if the reads went to another one.
    """
    steps = (*verdict.steps, *steps_of(found, write_region))
    verdict = msgspec.structs.replace(verdict, anchor=found.anchor, steps=steps)
    if found.rewritten:
        name: VerdictName = "REWRITTEN"
        said = f"{found.rewritten}."
        if only_late(found, write_region):
            name = "REWRITTEN (may not be replicated yet)"
            said = f"{said} {advice(write_region)}."
            if verdict.verdict in FAILURES:
                name = verdict.verdict
        if not place.sound:
            name = "MODIFIED"
        return msgspec.structs.replace(verdict, verdict=name, summary=_joined(verdict, said))
    if inclusion is None:
        return _beyond(verdict, found)
    if inclusion.fault:
        step = Step("inclusion proof", "fails", "the signed root", "another root", inclusion.fault)
        name = verdict.verdict if verdict.verdict in FAILURES else "UNVERIFIABLE"
        return msgspec.structs.replace(
            verdict, verdict=name, summary=_joined(verdict, f"{inclusion.fault}."),
            steps=(*steps, step),
        )  # fmt: skip
    sealed, computed = inclusion.leaf.hex(), place.digest or "(no body stored)"
    if sealed != computed:
        note = f"This is not the entry that was sealed at seq {place.seq}"
        step = Step("inclusion proof", "fails", sealed, computed, note)
        return msgspec.structs.replace(
            verdict, verdict="MODIFIED", summary=_joined(verdict, f"{note}."), steps=(*steps, step)
        )
    return _proven(verdict, place, Step("inclusion proof", "holds", sealed, computed))


def with_proof(
    verdict: Verdict, place: StoredEntry, found: FoundCheckpoint, inclusion: Inclusion | None
) -> Verdict:
    """``verdict`` with the self-contained proof of an entry that is ANCHORED."""
    if verdict.verdict != "ANCHORED" or inclusion is None:
        return verdict
    body = str(place.item.get("body", "")).encode()
    note = parse_note(found.note.encode())
    proof = TlogProof(inclusion.seq, inclusion.hashes, note, body)
    return msgspec.structs.replace(verdict, proof=proof.encoded())


def _proven(verdict: Verdict, place: StoredEntry, step: Step) -> Verdict:
    """The verdict on the entry that was sealed: a link that fails is its neighbour's fault."""
    steps = tuple(_absolved(one) for one in verdict.steps)
    wrong = [one for one in steps if one.result == "fails"]
    if not place.sound:
        return msgspec.structs.replace(verdict, steps=(*steps, step))
    if any(one.name.startswith(("index copy", "registry")) for one in wrong):
        summary = " ".join(f"{one.note}." for one in wrong[:3])
        return msgspec.structs.replace(
            verdict, verdict="INDEX MISMATCH", summary=summary, steps=(*steps, step)
        )
    summary = ANCHORED
    if verdict.verdict == "BROKEN LINK":
        summary = f"{ANCHORED} A neighbour is not what was sealed."
    return msgspec.structs.replace(
        verdict, verdict="ANCHORED", summary=summary, steps=(*steps, step)
    )


def _absolved(step: Step) -> Step:
    if step.name in _LINKS and step.result == "fails":
        note = "The neighbour does not match; this entry is the one that was sealed"
        return msgspec.structs.replace(step, result="not checked", note=note)
    return step


def _beyond(verdict: Verdict, found: FoundCheckpoint) -> Verdict:
    if found.checkpoint is None:
        note = "There is no trusted checkpoint"
    else:
        note = f"Not sealed yet: the newest checkpoint has size {found.checkpoint.size:,}"
    step = Step("inclusion proof", "not checked", note=note)
    failed = verdict.verdict in FAILURES
    summary = verdict.summary if failed else f"{verdict.summary} {note}."
    return msgspec.structs.replace(verdict, summary=summary, steps=(*verdict.steps, step))


def _joined(verdict: Verdict, sentence: str) -> str:
    """The failure already found, if any, followed by ``sentence``."""
    return f"{verdict.summary} {sentence}" if verdict.verdict in FAILURES else sentence
