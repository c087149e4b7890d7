"""The line that a sweep ends with, and what may be said of a replica that is late."""

from __future__ import annotations

import pytest

from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.verifying.found_checkpoint import FoundCheckpoint
from audittui.integrity.verifying.replica_lag import behind, only_late, steps_of
from audittui.integrity.verifying.tally import Tally
from audittui.integrity.verifying.verdict import Anchor, Step, Verdict, VerdictName

CHAIN = "payments/0"
ANCHOR = Anchor("log/payments/0", 4)


def concluded(*names: VerdictName, anchor: Anchor | None = None, count: int = 1) -> Tally:
    """What verdicts of these names come to, on the entries 5, 6, and so on."""
    conclusion = Tally(CHAIN)
    for seq, name in enumerate(names, 5):
        conclusion.add(Verdict(CHAIN, seq, name, "", anchor=anchor, count=count))
    return conclusion


def test_nothing_comes_to_nothing() -> None:
    conclusion = concluded()
    assert (conclusion.text(), conclusion.code) == (f"{CHAIN}: nothing to verify.", 0)
    conclusion.unproven = True
    assert conclusion.code == 0


def test_entries_after_the_checkpoint_are_not_sealed_yet() -> None:
    proves = "; no signed checkpoint proves it."
    sealed = concluded("CHAINED", "CHAINED", anchor=ANCHOR)
    assert sealed.text() == f"{CHAIN} is consistent: 2 chained, not sealed yet{proves}"
    assert concluded("CHAINED").text() == f"{CHAIN} is consistent: 1 chained{proves}"
    assert concluded("UNANCHORED").text() == f"{CHAIN} is consistent: 1 chained{proves}"
    assert concluded("ANCHORED", "CHAINED", anchor=ANCHOR).text() == (
        f"{CHAIN} is as it was written: 1 proven under a signed checkpoint, "
        "1 chained, not sealed yet."
    )


def test_what_is_gone_as_allowed_is_counted() -> None:
    conclusion = concluded("ANCHORED", "EXPIRED", "EXPIRED (not yet recorded)", "GAP", count=2)
    assert conclusion.text() == (
        f"{CHAIN} is as it was written: 2 proven under a signed checkpoint, 2 expired as allowed, "
        "2 expired, not yet recorded, 2 signed as a gap."
    )
    assert (conclusion.gaps, conclusion.code, conclusion.unsettled) == (2, 0, False)


@pytest.mark.parametrize(
    ("name", "told", "code"),
    [
        ("MODIFIED", "is NOT as it was written", 4),
        ("MISSING", "is NOT as it was written", 4),
        ("MISSING (may have expired)", "cannot be settled yet", 3),
        ("UNVERIFIABLE", "could not be verified", 1),
    ],
)
def test_the_worst_is_told_with_its_first_place(name: VerdictName, told: str, code: int) -> None:
    conclusion = concluded("ANCHORED", name, name, anchor=ANCHOR)
    assert conclusion.text() == f"{CHAIN} {told}: 2 {name} (first 6) of 3."
    assert conclusion.code == code


def test_a_failure_outweighs_what_could_not_be_verified() -> None:
    conclusion = concluded("UNVERIFIABLE", "MISSING (may have expired)", "BROKEN LINK")
    assert (conclusion.code, conclusion.unsettled) == (4, True)
    assert "is NOT as it was written" in conclusion.text()
    assert concluded("UNVERIFIABLE", "MISSING (may have expired)").code == 1


def test_a_verdict_on_the_whole_chain_has_no_first_place() -> None:
    conclusion = Tally(CHAIN)
    conclusion.add(Verdict(CHAIN, -1, "REWRITTEN", ""))
    assert conclusion.text() == f"{CHAIN} is NOT as it was written: 1 REWRITTEN of 1."


def test_the_first_entry_of_a_chain_is_a_place_like_others() -> None:
    conclusion = Tally(CHAIN)
    for seq in (0, 1):
        conclusion.add(Verdict(CHAIN, seq, "MODIFIED", ""))
    assert conclusion.text() == f"{CHAIN} is NOT as it was written: 2 MODIFIED (first 0) of 2."


def test_entries_beside_a_checkpoint_that_is_not_believed_are_doubtful() -> None:
    conclusion = Tally(CHAIN)
    for at, note in enumerate(("nobody signed it", "another reason")):
        failing = (Step("body", "holds"), Step("checkpoint", "fails", note=note))
        conclusion.add(Verdict(CHAIN, at, "CHAINED", "", steps=failing))
    assert conclusion.text() == f"{CHAIN} is doubtful: nobody signed it."
    assert conclusion.code == 4


def test_where_a_key_is_trusted_entries_without_a_checkpoint_are_not_enough() -> None:
    conclusion = concluded("CHAINED")
    assert conclusion.code == 0
    conclusion.unproven = True
    assert conclusion.code == 3


def anchored(
    size: int | None, pinned: int | None, rewritten: str = "it differs"
) -> FoundCheckpoint:
    checkpoint = None if size is None else Checkpoint("log/payments/0", size, b"\0" * 32)
    return FoundCheckpoint(checkpoint, pinned=pinned, rewritten=rewritten)


@pytest.mark.parametrize(
    ("size", "pinned", "late"),
    [(3, 4, True), (None, 4, True), (4, 4, False), (5, 4, False), (3, None, False),
     (None, None, False)],
)  # fmt: skip
def test_only_what_is_older_than_the_pin_can_be_late(
    size: int | None, pinned: int | None, late: bool
) -> None:
    found = anchored(size, pinned)
    assert behind(found) is late
    assert only_late(found, "eu-west-1") is late
    # In the region written in nothing is late, and what does not contradict needs no excuse.
    assert only_late(found, "") is False
    assert only_late(anchored(size, pinned, ""), "eu-west-1") is False
    results = {step.name: step.result for step in steps_of(found, "eu-west-1")}
    assert results["pinned checkpoint"] == ("not checked" if late else "fails")
    assert {step.name: step.result for step in steps_of(found, "")}["pinned checkpoint"] == "fails"
