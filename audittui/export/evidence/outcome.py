"""The outcome of checking a bundle, as an object and in sentences."""

from __future__ import annotations

from collections import Counter
from typing import Any

from audittui.export.evidence.check import Checked
from audittui.export.evidence.manifest import Manifest

WORD = (
    "How, where and when the entries were found, whether they are complete, the notes, and the "
    "verdicts on unproven entries"
)
"""What cannot be derived from the entries, proofs and checkpoints of a bundle."""


def outcome_object(checked: Checked) -> dict[str, Any]:
    """The outcome as data. ``proven`` counts entries proven under trusted keys; ``self_proven``
    those under keys that the bundle names, if none is trusted."""
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
    """How many entries have each verdict."""
    return Counter(one.verdict for one in manifest.entries)


def proof_sentences(checked: Checked) -> list[str]:
    """What is proven, and what is not."""
    manifest = checked.manifest
    assert manifest is not None
    number = len(manifest.entries)
    told = [f"{checked.proven:,} of {number:,} proven under a signed checkpoint."]
    if checked.own_keys and checked.proven:
        told.append(
            "The keys are those named in the bundle: give --trusted-key KEY with a key from an "
            "independent source."
        )
    elif checked.proven < number:
        rest = number - checked.proven
        told.append(
            f"{rest:,} not proven: anyone could have written {'it' if rest == 1 else 'them'}."
        )
    if not manifest.complete:
        told.append("The bundle states that its result is incomplete.")
    return told


def seen_sentences(checked: Checked) -> list[str]:
    """The logs that this machine has pinned at another size, which cannot be compared offline."""
    assert checked.manifest is not None
    return [
        f"This machine has seen {one.origin} at a size other than {one.size:,}. To check that it "
        f"is the same log, run audittui verify --chain {one.chain} --checkpoint FILE with "
        f"{one.file} from the bundle."
        for one in checked.manifest.checkpoints
        if checked.seen.get(one.chain) == "not compared"
    ]


def word_sentences(checked: Checked) -> list[str]:
    """Who vouches for the rest."""
    manifest = checked.manifest
    assert manifest is not None
    if checked.vouched:
        return [f"Signed by {manifest.collector}, a collector's key that you trust."]
    only = f"{WORD} are the collector's word only."
    if manifest.collector:
        return [
            f"Signed by {manifest.collector}: give --collector-key KEY with a key from an "
            "independent source.",
            only,
        ]
    return [f"Not signed. {only}"]
