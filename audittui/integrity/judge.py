"""From the links' verdict and the proof under a checkpoint to the final verdict. No I/O."""

from __future__ import annotations

import msgspec

from audittui.integrity.anchor import Anchored
from audittui.integrity.check import Examined
from audittui.integrity.inclusion import Inclusion
from audittui.integrity.note import parse_note
from audittui.integrity.tlog_proof import TlogProof
from audittui.integrity.verdict import FAILURES, Anchor, Step, Verdict, VerdictName

ANCHORED = "It is the entry that was sealed; the checkpoint is signed by a trusted key."
_LINKS = ("previous link", "next link")


def judged(
    verdict: Verdict, place: Examined, found: Anchored, inclusion: Inclusion | None
) -> Verdict:
    """``verdict``, which links and copies gave, in the light of a checkpoint.

    ``inclusion`` is None where the checkpoint does not reach the entry, or where there is none.
    """
    steps = (*verdict.steps, *found.steps())
    verdict = msgspec.structs.replace(verdict, anchor=found.anchor, steps=steps)
    if found.rewritten:
        name: VerdictName = "MODIFIED" if not place.sound else "REWRITTEN"
        return msgspec.structs.replace(
            verdict, verdict=name, summary=_joined(verdict, f"{found.rewritten}.")
        )
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
        note = f"It is not the entry that was sealed at seq {place.seq}"
        step = Step("inclusion proof", "fails", sealed, computed, note)
        return msgspec.structs.replace(
            verdict, verdict="MODIFIED", summary=_joined(verdict, f"{note}."), steps=(*steps, step)
        )
    return _proven(verdict, place, Step("inclusion proof", "holds", sealed, computed))


def with_proof(
    verdict: Verdict, place: Examined, found: Anchored, inclusion: Inclusion | None
) -> Verdict:
    """``verdict`` with the self-contained proof of an entry that is ANCHORED."""
    if verdict.verdict != "ANCHORED" or inclusion is None:
        return verdict
    body = str(place.item.get("body", "")).encode()
    note = parse_note(found.note.encode())
    proof = TlogProof(inclusion.seq, inclusion.hashes, note, body)
    return msgspec.structs.replace(verdict, proof=proof.encoded())


def _proven(verdict: Verdict, place: Examined, step: Step) -> Verdict:
    """The entry is the sealed one: a link that fails is its neighbour's fault."""
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
        note = "The neighbour does not fit; this entry is the one that was sealed"
        return msgspec.structs.replace(step, result="not checked", note=note)
    return step


def _beyond(verdict: Verdict, found: Anchored) -> Verdict:
    if found.checkpoint is None:
        note = "There is no trusted checkpoint"
    else:
        note = f"Not sealed yet: the newest checkpoint is of size {found.checkpoint.size:,}"
    step = Step("inclusion proof", "not checked", note=note)
    failed = verdict.verdict in FAILURES
    summary = verdict.summary if failed else f"{verdict.summary} {note}."
    return msgspec.structs.replace(verdict, summary=summary, steps=(*verdict.steps, step))


def absent(
    chain: str, first: int, last: int, *, below: int, tip: int, found: Anchored | None
) -> Verdict:
    """The verdict on the absent entries ``first`` to ``last``.

    ``below`` is the signed prune point (0: none), ``tip`` the seq of the last entry (-1: none).
    """
    one = first == last
    which = (
        f"seq {first} is" if one else f"seq {first} to {last} ({last - first + 1:,} entries) are"
    )
    anchor: Anchor | None = found.anchor if found is not None else None
    found_text = "absent" if one else "all absent"
    steps = found.steps() if found is not None else ()
    if last < below:
        step = Step(
            "presence", "holds", f"expired below {below}", found_text,
            "The signed prune record says that it may be gone",
        )  # fmt: skip
        summary = f"EXPIRED: {which} gone, as the signed prune record allows."
        return Verdict(chain, first, "EXPIRED", summary, (*steps, step), anchor=anchor)
    step = Step(
        "presence", "fails", "an entry", found_text, "Read from the base table, consistently"
    )
    known = found.known_size if found is not None else 0
    if first > tip and first < known:
        summary = (
            f"TRUNCATED: {which} not in the table, but a signed checkpoint of size {known:,} "
            "holds it."
        )
        return Verdict(chain, first, "TRUNCATED", summary, (*steps, step), anchor=anchor)
    hint = "" if below else " (may have expired)"
    summary = f"MISSING{hint}: {which} not in the table."
    return Verdict(chain, first, "MISSING", summary, (*steps, step), anchor=anchor)


def _joined(verdict: Verdict, sentence: str) -> str:
    """What was wrong already, and what came to it."""
    return f"{verdict.summary} {sentence}" if verdict.verdict in FAILURES else sentence
