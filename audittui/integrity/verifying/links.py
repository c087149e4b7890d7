"""Verifies an entry beside its neighbours: body, key, index copies and links. No I/O.

When a link fails, an unsound neighbour gets its own verdict; the entry beside it is at fault only
if it agrees with nothing the neighbour says.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from audittui.entry import NO_HASH, Entry
from audittui.integrity.stored_entry import COPIES, StoredEntry
from audittui.integrity.verifying.verdict import Step, Verdict, VerdictName
from audittui.layout.native import copies_of
from audittui.layout.value import value_text

Result = Literal["holds", "fails", "not checked"]
_BOTH_LINKS = "The body, the key, the index copies and both links hold."
_UNANCHORED = "The entry is consistent in itself, but no neighbour is left to check its links."


def links_hold(place: StoredEntry, before: StoredEntry | None, after: StoredEntry | None) -> bool:
    """True when the entry is sound, its copies agree and both links to its neighbours hold.

    A fast path: it is true of nearly every entry, and does not work out why it is false.
    """
    if before is None or after is None or not place.agrees or not place.seq:
        return False
    entry, following = place.entry, after.entry
    return (
        entry is not None
        and following is not None
        and following.prev_hash == place.digest
        and entry.prev_hash == before.digest != ""
    )


def chained(place: StoredEntry) -> Verdict:
    """The verdict on an entry for which `links_hold` is true."""
    return Verdict(place.chain, place.seq, "CHAINED", _BOTH_LINKS, body_hash=place.digest)


def verify_links(
    place: StoredEntry,
    before: StoredEntry | None,
    after: StoredEntry | None,
    *,
    steps: bool = False,
) -> Verdict:
    """The verdict on one entry beside its neighbours, which may be absent.

    The steps are filled in if something fails, or if ``steps`` asks for them.
    """
    if not steps and links_hold(place, before, after):
        return chained(place)
    previous = _previous(place, before)
    following = _following(place, after)
    differing = _differing(place)
    name: VerdictName
    if not place.sound:
        name = "MODIFIED"
    elif "fails" in (previous, following):
        name = "BROKEN LINK"
    elif differing:
        name = "INDEX MISMATCH"
    elif "holds" in (previous, following):
        name = "CHAINED"
    else:
        name = "UNANCHORED"
    summary = _summary(place, before, after, previous, following) if name == "CHAINED" else ""
    if name == "UNANCHORED":
        summary = _UNANCHORED
    if summary and not steps:
        return Verdict(place.chain, place.seq, name, summary, body_hash=place.digest)
    told = (
        _hash_step(place),
        _body_step(place),
        _key_step(place),
        *_copy_steps(place, differing),
        _previous_step(place, before, previous),
        _following_step(place, after, following),
    )
    if not summary:
        failed = [step for step in told if step.result == "fails"]
        summary = " ".join(f"{step.note or step.name}." for step in failed[:3])
    return Verdict(place.chain, place.seq, name, summary, told, body_hash=place.digest)


def _summary(
    place: StoredEntry, before: StoredEntry | None, after: StoredEntry | None, previous: Result,
    following: Result,
) -> str:  # fmt: skip
    """What holds for a CHAINED entry, and which of its links could not be compared."""
    if "not checked" not in (previous, following):
        return _BOTH_LINKS
    if previous == "holds":
        why = "has no successor" if after is None else "has an altered successor"
        back = "the beginning of the chain" if place.seq == 0 else "the link to the predecessor"
        return f"The body, the key, the index copies and {back} hold; the entry {why}."
    why = "has no predecessor left" if before is None else "has an altered predecessor"
    return (
        f"The body, the key, the index copies and the link to the successor hold; the entry {why}."
    )


def with_registry(verdict: Verdict, registered: bool, *, steps: bool = False) -> Verdict:
    """The verdict on a chain's first entry, including whether the registry lists the chain.

    The registry's record is written together with seq 0. Without it, the chain is absent from every
    list of chains.
    """
    note = "" if registered else "The registry does not list the chain, so lists of chains omit it"
    step = Step(
        "registry",
        "holds" if registered else "fails",
        "a record of the chain",
        "a record of the chain" if registered else "(absent)",
        note,
    )
    if registered:
        return msgspec.structs.replace(verdict, steps=(*verdict.steps, step)) if steps else verdict
    name = verdict.verdict if verdict.failed else "INDEX MISMATCH"
    summary = f"{note}." if not verdict.failed else f"{verdict.summary} {note}."
    return msgspec.structs.replace(
        verdict, verdict=name, summary=summary, steps=(*verdict.steps, step)
    )


def unverifiable(chain: str, seq: int, why: str) -> Verdict:
    """The verdict if nothing could be checked, and why."""
    return Verdict(chain, seq, "UNVERIFIABLE", why)


def unforeseen(chain: str, seq: int, error: Exception) -> Verdict:
    """The verdict if verification itself crashed: a failure, because the cause is unknown."""
    what = f"{type(error).__name__}: {error}"
    note = "Verification stopped unexpectedly, so nothing from here on was verified"
    step = Step("verification", "fails", "completion", what, note)
    summary = f"UNVERIFIABLE: {note[0].lower()}{note[1:]}: {what}."
    return Verdict(chain, seq, "UNVERIFIABLE", summary, (step,))


def _claims(neighbour: StoredEntry) -> tuple[str, ...]:
    """The hashes that may identify a neighbour, the computed one first."""
    return tuple(dict.fromkeys(one for one in (neighbour.digest, neighbour.recorded) if one))


def _misplaced(neighbour: StoredEntry) -> bool:
    """True when a valid entry of another place lies in the neighbour's: it says nothing about a
    link."""
    return neighbour.hash_holds and not neighbour.key_holds


def _previous(place: StoredEntry, before: StoredEntry | None) -> Result:
    entry = place.entry
    if entry is None:
        return "not checked"
    if place.seq == 0:
        return "holds" if entry.prev_hash == NO_HASH else "fails"
    if before is None:
        return "not checked"
    if before.digest and entry.prev_hash == before.digest:
        return "holds"
    claims = _claims(before)
    if entry.prev_hash in claims:
        return "holds"
    return "not checked" if not claims or _misplaced(before) else "fails"


def _following(place: StoredEntry, after: StoredEntry | None) -> Result:
    if after is None or after.entry is None or not place.digest:
        return "not checked"
    if after.entry.prev_hash == place.digest:
        return "holds"
    # A successor that is not what was written carries its own verdict.
    return "fails" if after.sound else "not checked"


def _differing(place: StoredEntry) -> tuple[tuple[str, Any, Any], ...]:
    """The copies that differ from the body: attribute, expected, found."""
    if place.entry is None or place.agrees:
        return ()
    expected, item = copies_of(place.entry), place.item
    return tuple(
        (name, expected.get(name), item.get(name))
        for name in COPIES
        if expected.get(name) != item.get(name)
    )


def _hash_step(place: StoredEntry) -> Step:
    held = place.hash_holds
    return Step(
        "hash of body",
        "holds" if held else "fails",
        place.recorded or "(no hash stored)",
        place.digest or "(no body stored)",
        "" if held else "The body does not hash to the recorded hash",
    )


def _body_step(place: StoredEntry) -> Step:
    if place.entry is not None:
        return Step("body", "holds", "an entry", "an entry")
    return Step("body", "fails", "an entry", place.fault, "The body cannot be read as an entry")


def _key_step(place: StoredEntry) -> Step:
    found = f"{place.chain} {place.key}"
    if place.seq < 0:
        note = "The sort key is not a 20-digit seq"
        wanted = "20 digits" if place.entry is None else _place_of(place.entry)
        return Step("key", "fails", wanted, found, note)
    if place.entry is None:
        return Step("key", "not checked", "", found, "The body cannot be read")
    held = place.key_holds
    note = "" if held else "The body names a different chain or seq than the key"
    return Step("key", "holds" if held else "fails", _place_of(place.entry), found, note)


def _place_of(entry: Entry) -> str:
    return f"{entry.chain} {entry.seq:020d}"


def _copy_steps(
    place: StoredEntry, differing: tuple[tuple[str, Any, Any], ...]
) -> tuple[Step, ...]:
    if place.entry is None:
        return (Step("index copies", "not checked", note="The body cannot be read"),)
    if not differing:
        return (Step("index copies", "holds", "as the body says", "as the body says"),)
    return tuple(
        Step(
            f"index copy {name}",
            "fails",
            "(absent)" if expected is None else value_text(expected),
            "(absent)" if found is None else value_text(found),
            f"The attribute {name} differs from the body",
        )
        for name, expected, found in differing
    )


def _previous_step(place: StoredEntry, before: StoredEntry | None, result: Result) -> Step:
    found = "" if place.entry is None else place.entry.prev_hash
    if place.seq == 0:
        note = "" if result == "holds" else "The first entry must have no predecessor"
        return Step("previous link", result, NO_HASH, found, note)
    if before is None:
        return Step("previous link", result, "", found, "The predecessor is absent")
    claims = _claims(before)
    expected = found if result == "holds" else claims[0] if claims else ""
    notes = {
        "holds": "",
        "fails": "The entry does not follow from its predecessor",
        "not checked": "The body or the predecessor is not what was written",
    }
    return Step("previous link", result, expected, found, notes[result])


def _following_step(place: StoredEntry, after: StoredEntry | None, result: Result) -> Step:
    if after is None:
        return Step("next link", result, place.digest, "", "There is no successor")
    found = "" if after.entry is None else after.entry.prev_hash
    notes = {
        "holds": "",
        "fails": "The successor does not follow from this entry",
        "not checked": "The body or the successor is not what was written",
    }
    note = notes[result]
    if result == "fails" and found == place.recorded:
        note = "The successor follows from the recorded hash: the body was changed"
    return Step("next link", result, place.digest, found, note)
