"""What checking a bundle came to: as one object, and in sentences."""

from __future__ import annotations

from collections import Counter
from typing import Any

from audittui.export.evidence.check import Checked
from audittui.export.evidence.manifest import Manifest

WORD = (
    "How the entries were found, whether they are all, where and when that was, the notes, and the "
    "verdicts on what is not proven"
)
"""What cannot be derived from a bundle's entries, proofs and checkpoints."""


def outcome_object(checked: Checked) -> dict[str, Any]:
    """The outcome as data. ``proven`` counts under trusted keys only; ``self_proven`` under those
    that the bundle itself names, where none is trusted."""
    manifest = checked.manifest
    number = 0 if manifest is None else len(manifest.entries)
    proven = 0 if checked.own_keys else checked.proven
    return {
        "sha256": checked.digest,
        "outcome": checked.outcome,
        "entries": number,
        "proven": proven,
        "self_proven": checked.proven if checked.own_keys else 0,
        "unproven": number - proven,
        "verdicts": {} if manifest is None else dict(sorted(verdicts(manifest).items())),
        "complete": manifest is not None and manifest.complete,
        "collector": None if manifest is None else manifest.collector or None,
        "collector_trusted": checked.vouched,
        "checkpoints": []
        if manifest is None
        else [
            {
                "chain": one.chain,
                "origin": one.origin,
                "size": one.size,
                "seen": checked.seen.get(one.chain),
            }
            for one in manifest.checkpoints
        ],
        "faults": list(checked.faults),
        "wrong": [
            {"chain": one.chain, "seq": one.seq, "verdict": one.verdict, "fault": one.fault}
            for one in checked.wrong
        ],
    }


def verdicts(manifest: Manifest) -> Counter[str]:
    """How often each verdict is said."""
    return Counter(one.verdict for one in manifest.entries)


def proof_sentences(checked: Checked) -> list[str]:
    """What is proven, and what is not."""
    manifest = checked.manifest
    assert manifest is not None
    number = len(manifest.entries)
    told = [f"{checked.proven:,} of {number:,} proven under a signed checkpoint."]
    if checked.own_keys and checked.proven:
        told.append(
            "The keys are those that the bundle names: give --trusted-key KEY with one that you "
            "have from elsewhere."
        )
    elif checked.proven < number:
        rest = number - checked.proven
        told.append(
            f"{rest:,} not proven: {'it' if rest == 1 else 'they'} may be anybody's writing."
        )
    if not manifest.complete:
        told.append("The bundle says itself that it is not all that was asked for.")
    return told


def seen_sentences(checked: Checked) -> list[str]:
    """Which logs this machine has seen at another size, so that nothing offline tells whether the
    bundle's are the same."""
    assert checked.manifest is not None
    return [
        f"This machine has seen {one.origin} at another size than {one.size:,}: audittui verify "
        f"--chain {one.chain} --checkpoint FILE tells whether it is the same log, with "
        f"{one.file} of the bundle as FILE."
        for one in checked.manifest.checkpoints
        if checked.seen.get(one.chain) == "not compared"
    ]


def word_sentences(checked: Checked) -> list[str]:
    """Whose word the rest is."""
    manifest = checked.manifest
    assert manifest is not None
    if checked.vouched:
        return [f"Signed by {manifest.collector}, a collector's key that you trust."]
    only = f"{WORD} are the collector's word only."
    if manifest.collector:
        return [
            f"Signed by {manifest.collector}: give --collector-key KEY with one that you have from "
            "elsewhere.",
            only,
        ]
    return [f"Not signed. {only}"]
