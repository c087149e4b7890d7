"""What an item says of itself and of its neighbours, and the verdict that follows. Pure.

Blame goes where the evidence is. An entry whose body does not hash to its recorded hash, cannot be
read, or lies under another's key is MODIFIED, and nothing is concluded about its neighbours from
it. Two entries that are each sound but do not link are both a BROKEN LINK: one of them was written
anew, and which one only a checkpoint can tell. See DESIGN §6.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from audittui.entry import LIST_FIELDS, NO_HASH, Entry, decode_body, decode_strict, hash_body
from audittui.integrity.verdict import Step, Verdict, VerdictName
from audittui.layout.model import value_text
from audittui.layout.native import ENTRY, copies_of
from audittui.layout.row import Item

ABSENT = "(absent)"
"""How a step writes an attribute that is not there."""
COPIES = (*LIST_FIELDS, "bucket", "failed_bucket", "expires_at")
"""The attributes that may repeat what the body says."""
_OWN_ATTRIBUTES = 4
"""pk, sk, body and hash: what an item holds beside the copies."""

# Equal bytes prove that a body is canonical, so also strict: no key twice, no NaN, no surrogates.
_CANONICAL = msgspec.json.Encoder(order="sorted")


class Examined(msgspec.Struct, frozen=True, gc=False):
    """What one item says of itself.

    ``computed`` is the hash of the stored body (None: there is none), ``digest`` the same in hex
    (empty: there is none), ``recorded`` the attribute
    ``hash`` (None: there is none of 32 bytes). ``fault`` says why the body cannot be read (then
    ``entry`` is None). ``sound``: body, hash and key agree. ``copies`` agree with the body.
    """

    chain: str
    seq: int
    item: Item
    computed: bytes | None
    digest: str
    recorded: bytes | None
    entry: Entry | None
    fault: str
    sound: bool
    copies: bool


class Link(msgspec.Struct, frozen=True, gc=False):
    """How ``newer`` links to ``older``. ``expected`` and ``found`` are hashes in hex."""

    result: Literal["holds", "fails", "not checked"]
    expected: str = ""
    found: str = ""
    note: str = ""


def read_body(body: bytes) -> tuple[Entry | None, str]:
    """The entry that a body says, read strictly; or None and why it cannot be read."""
    try:
        entry = decode_body(body)
        if _CANONICAL.encode(entry) != body:
            decode_strict(body)
    except ValueError as error:
        return None, str(error)
    return entry, ""


def examine(item: Item, chain: str, seq: int) -> Examined:
    """What ``item``, found where entry ``seq`` of ``chain`` belongs, says of itself."""
    text = item.get("body")
    computed: bytes | None = None
    entry: Entry | None = None
    fault = "there is no body" if text is None else "the body is not text"
    if isinstance(text, str):
        try:
            body = text.encode("utf-8")
        except UnicodeEncodeError:
            fault = "the body is not UTF-8"
        else:
            computed = hash_body(body)
            entry, fault = read_body(body)
    recorded = item.get("hash")
    if not isinstance(recorded, bytes) or len(recorded) != 32:
        recorded = None
    sound = (
        entry is not None
        and computed == recorded
        and entry.seq == seq
        and entry.chain == chain
        and item.get("sk") == f"{seq:020d}"
        and item.get("pk") == ENTRY + chain
    )
    return Examined(
        chain, seq, item, computed, computed.hex() if computed else "", recorded, entry,
        fault, sound,
        copies=entry is not None and _copies_hold(item, copies_of(entry)),
    )  # fmt: skip


def _copies_hold(item: Item, expected: dict[str, Any]) -> bool:
    for name, value in expected.items():
        if item.get(name) != value:
            return False
    if len(item) == len(expected) + _OWN_ATTRIBUTES:
        return True
    return not any(name in item and name not in expected for name in COPIES)


def link(older: Examined, newer: Examined) -> Link:
    """Whether ``newer`` names the hash of ``older``, the entry right before it.

    A modified ``older`` may be named by its present or by its recorded hash. Where one of the two
    is modified and they do not fit, that is no evidence about the other: "not checked".
    """
    found = newer.entry.prev_hash if newer.entry else ""
    present = older.digest
    recorded = older.recorded.hex() if older.recorded else ""
    if newer.entry is None:
        return Link("not checked", present or recorded, note=f"entry {newer.seq} cannot be read")
    if present and found == present:
        return Link("holds", present, found)
    if recorded and found == recorded:
        note = f"entry {older.seq} had this hash when entry {newer.seq} was written"
        return Link("holds", recorded, found, note)
    if older.sound and newer.sound:
        return Link("fails", present, found, f"entry {newer.seq} does not link to {older.seq}")
    culprit = newer if older.sound else older
    return Link(
        "not checked", present or recorded, found,
        f"entry {culprit.seq} is itself modified, so it proves nothing about its neighbour",
    )  # fmt: skip


def _links(
    examined: Examined, before: Examined | None, after: Examined | None
) -> tuple[Link, Link]:
    if examined.seq == 0:
        found = examined.entry.prev_hash if examined.entry else ""
        if examined.entry is None:
            previous = Link("not checked", NO_HASH, note="entry 0 cannot be read")
        elif found == NO_HASH:
            previous = Link("holds", NO_HASH, found, "the first entry of the chain")
        else:
            previous = Link("fails", NO_HASH, found, "the first entry links to another")
    elif before is None:
        previous = Link("not checked", note=f"there is no entry {examined.seq - 1}")
    else:
        previous = link(before, examined)
    if after is None:
        following = Link("not checked", note=f"there is no entry {examined.seq + 1}")
    else:
        following = link(examined, after)
    return previous, following


def _name(examined: Examined, previous: Link, following: Link) -> VerdictName:
    if not examined.sound:
        return "MODIFIED"
    results = (previous.result, following.result)
    if "fails" in results:
        return "BROKEN LINK"
    if not examined.copies:
        return "INDEX MISMATCH"
    return "CHAINED" if "holds" in results else "UNANCHORED"


def judge(
    examined: Examined,
    before: Examined | None,
    after: Examined | None,
    *,
    rcu: float = 0.0,
    explain: bool = False,
) -> Verdict:
    """The verdict on an entry, given the entries right before and after it (None: absent).

    The steps are filled when something is wrong or ``explain`` asks for them. ``rcu`` is what the
    reads for it cost.
    """
    if not explain and _plainly_chained(examined, before, after):
        return Verdict(examined.chain, examined.seq, "CHAINED", _BOTH_LINKS, (), rcu)
    previous, following = _links(examined, before, after)
    name = _name(examined, previous, following)
    if name == "CHAINED" and not explain:
        summary = _CHAINED[previous.result, following.result]
        return Verdict(examined.chain, examined.seq, name, summary, (), rcu)
    steps = (
        _hash_step(examined),
        _body_step(examined),
        _key_step(examined),
        *_copy_steps(examined),
        Step("previous link", previous.result, previous.expected, previous.found, previous.note),
        Step("next link", following.result, following.expected, following.found, following.note),
    )
    summary = _summary(examined, name, previous, following, steps)
    return Verdict(examined.chain, examined.seq, name, summary, steps, rcu)


def _plainly_chained(examined: Examined, before: Examined | None, after: Examined | None) -> bool:
    """True for the case that nearly every entry of a sweep is; False decides nothing."""
    return (
        examined.sound
        and examined.copies
        and before is not None
        and after is not None
        and after.entry is not None
        and examined.entry is not None
        and examined.entry.prev_hash == before.digest
        and after.entry.prev_hash == examined.digest
    )


_BOTH_LINKS = "Hash, key and index copies agree, and both links hold."
_CHAINED = {
    ("holds", "holds"): _BOTH_LINKS,
    ("holds", "not checked"): "Hash, key and index copies agree, and the previous link holds.",
    ("not checked", "holds"): "Hash, key and index copies agree, and the next link holds.",
}


def _hash_step(examined: Examined) -> Step:
    recorded = examined.item.get("hash")
    found = examined.recorded.hex() if examined.recorded else ABSENT
    if recorded is not None and examined.recorded is None:
        found = value_text(recorded)
    if examined.computed is None:
        return Step("hash of body", "fails", "", found, "there is no body to hash")
    holds = examined.computed == examined.recorded
    note = "" if holds else "the body is not the one that was hashed"
    return Step("hash of body", "holds" if holds else "fails", examined.digest, found, note)


def _body_step(examined: Examined) -> Step:
    if examined.entry is None:
        return Step("body", "fails", "an entry in strict JSON", "", examined.fault)
    return Step("body", "holds", note="the body is an entry in strict JSON")


def _key_step(examined: Examined) -> Step:
    found = "{} / {}".format(
        *(value_text(examined.item.get(name, ABSENT)) for name in ("pk", "sk"))
    )
    if examined.entry is None:
        expected = f"{ENTRY}{examined.chain} / {examined.seq:020d}"
        if found == expected:
            return Step("key", "not checked", found=found, note="the body cannot be read")
        return Step("key", "fails", expected, found, "the sort key is not a seq of 20 digits")
    expected = f"{ENTRY}{examined.entry.chain} / {examined.entry.seq:020d}"
    if found == expected:
        return Step("key", "holds", expected, found)
    return Step("key", "fails", expected, found, "the body belongs under another key")


def _copy_steps(examined: Examined) -> tuple[Step, ...]:
    if examined.entry is None:
        return (Step("index copies", "not checked", note="the body cannot be read"),)
    if examined.copies:
        return (Step("index copies", "holds"),)
    expected = copies_of(examined.entry)
    return tuple(
        Step(
            f"index copy {name}",
            "fails",
            value_text(expected.get(name, ABSENT)),
            value_text(examined.item.get(name, ABSENT)),
            "the attribute is not what the body says",
        )
        for name in COPIES
        if examined.item.get(name, ABSENT) != expected.get(name, ABSENT)
    )


def _summary(
    examined: Examined,
    name: VerdictName,
    previous: Link,
    following: Link,
    steps: tuple[Step, ...],
) -> str:
    if name == "CHAINED":
        return _CHAINED[previous.result, following.result]
    if name == "UNANCHORED":
        return "Hash, key and index copies agree, but no neighbour is left to link it to."
    if name == "BROKEN LINK":
        broken = [each.note for each in (previous, following) if each.result == "fails"]
        return f"The entry is whole, but {' and '.join(broken)}: one of them was written anew."
    if name == "INDEX MISMATCH":
        wrong = [step.name.removeprefix("index copy ") for step in steps if step.result == "fails"]
        return f"The body is genuine; lists show something else for: {', '.join(wrong)}."
    if examined.entry is None:
        return f"The body cannot be read: {examined.fault}."
    if examined.computed != examined.recorded:
        return "The body does not hash to the recorded hash: it or the hash was changed."
    return (
        f"The body belongs to entry {examined.entry.seq} of {examined.entry.chain}, "
        "but lies under another key."
    )
