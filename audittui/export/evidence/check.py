"""Checks a bundle offline: every byte, every hash, every proof. Needs no table and no AWS.

Anyone can forge everything in a bundle except signatures. So whatever can be derived from entries,
proofs and checkpoints is derived and compared; the rest is the collector's statement, which can
make the outcome worse but never better.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from audittui.errors import AuditError
from audittui.export.evidence.archive import DamagedError, unpack
from audittui.export.evidence.derive import Derived, Point, believed, broken_links, derive
from audittui.export.evidence.manifest import MOST, BundledEntry, Manifest, decode_manifest
from audittui.export.evidence.names import (
    DIGEST,
    MANIFEST,
    REPORT,
    RUNBOOK,
    SIGNATURE,
    Names,
)
from audittui.export.evidence.report import line_of, report_text
from audittui.export.evidence.signature import signature_fault
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.keys import VerifierKey, parse_verifier_key
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.trust import Trust, trusted_keys

Outcome = Literal["proven", "partly proven", "unproven", "failed"]


Seen = Literal["same", "another", "not compared"]
"""Only checkpoints of the same size can be compared offline."""


class Checked(msgspec.Struct, frozen=True):
    """The result of a check.

    ``faults`` are sentences on what differs from what can be derived; empty if the bundle is
    intact. ``wrong`` are entries that its collector found not to be genuine. ``proven`` counts
    entries under a checkpoint signed by trusted keys; if those are the bundle's own, ``own_keys``
    is True, and nobody vouches for the signer. ``vouched`` is True if a trusted collector's key
    signed what cannot be derived. ``seen`` maps chains to how their checkpoints compare with those
    pinned on this machine.
    """

    digest: str
    manifest: Manifest | None
    faults: tuple[str, ...]
    wrong: tuple[BundledEntry, ...] = ()
    proven: int = 0
    own_keys: bool = False
    vouched: bool = False
    seen: dict[str, Seen] = {}

    @property
    def outcome(self) -> Outcome:
        """The outcome in a word."""
        if self.faults or self.wrong or self.manifest is None:
            return "failed"
        if not self.proven or self.own_keys:
            return "unproven"
        return "proven" if self.proven == len(self.manifest.entries) else "partly proven"

    @property
    def code(self) -> int:
        """The exit code: 0 if every entry is proven and the result complete, 4 if something is not
        genuine, otherwise 3."""
        if self.outcome == "failed":
            return 4
        assert self.manifest is not None
        return 0 if self.outcome == "proven" and self.manifest.complete else 3


def check_bundle(
    data: bytes,
    keys: tuple[VerifierKey, ...],
    collectors: tuple[VerifierKey, ...] = (),
    pinned: Callable[[str], Iterable[Checkpoint]] = lambda chain: (),
) -> Checked:
    """Check the bundle in ``data`` against trusted ``keys`` (none: those named in the bundle).

    With ``collectors`` it must be signed by one of them. ``pinned`` returns the pinned checkpoints
    of a chain's logs.
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        files = unpack(data)
    except DamagedError as error:
        return Checked(digest, None, (f"The bundle is damaged: {error}.",))
    try:
        manifest = decode_manifest(files.get(MANIFEST, b""))
    except ValueError as error:
        return Checked(digest, None, (f"The manifest cannot be read: {error}.",))
    try:
        trust = Trust(keys or trusted_keys(manifest.keys))
    except AuditError as error:
        return Checked(digest, manifest, (error.message,))
    faults = _shape_faults(manifest)
    if faults:
        return Checked(digest, manifest, tuple(faults))
    faults += _file_faults(files, manifest)
    vouched, unsigned = _signature_faults(files, manifest, trust, collectors)
    points: dict[str, Point] = {}
    for said in manifest.checkpoints:
        point = believed(said, files.get(said.file, b""), trust)
        if isinstance(point, str):
            faults.append(f"Checkpoint of {said.chain}: {point}")
        else:
            points[said.chain] = point
    derived = [
        derive(one, files.get(one.file), files.get(one.proof), points.get(one.chain), trust)
        for one in manifest.entries
    ]
    seen = {}
    for chain, point in points.items():
        for pin in pinned(chain):
            if pin.origin == point.checkpoint.origin:
                seen[chain] = _seen(point.checkpoint, pin)
                if seen[chain] == "another":
                    size = f"{pin.size:,}"
                    faults.append(
                        f"Checkpoint of {chain}: this machine has seen another of size {size}."
                    )
    faults += [*unsigned, *_entry_faults(derived)]
    if files.get(REPORT) != _report(manifest, derived):
        faults.append("The report does not match the manifest and the entries.")
    return Checked(
        digest, manifest, tuple(faults),
        wrong=tuple(one for one in manifest.entries if one.fault),
        proven=sum(one.proven and not one.fault for one in derived),
        own_keys=not keys,
        vouched=vouched and not faults,
        seen=seen,
    )  # fmt: skip


def _seen(point: Checkpoint, pin: Checkpoint) -> Seen:
    if point.size != pin.size:
        return "not compared"
    return "same" if point.root == pin.root else "another"


def _shape_faults(manifest: Manifest) -> list[str]:
    """Impossible lists of entries or checkpoints, which end the check."""
    if not manifest.entries:
        return ["The manifest lists no entries."]
    if len(manifest.entries) > MOST:
        return ["The manifest lists more entries than a bundle may have."]
    places = Counter((one.chain, one.seq) for one in manifest.entries)
    faults = [
        f"Entry {chain} {seq} is listed {count:,} times."
        for (chain, seq), count in places.items()
        if count > 1
    ]
    chains = [one.chain for one in manifest.checkpoints]
    if chains != sorted(set(chains)) or not set(chains) <= {chain for chain, _ in places}:
        faults.append("There is not exactly one checkpoint per chain.")
    return faults


def _file_faults(files: dict[str, bytes], manifest: Manifest) -> list[str]:
    """Faults in names and digests, including missing and extra files."""
    faults = []
    told = f"{hashlib.sha256(files[MANIFEST]).hexdigest()}  {MANIFEST}\n"
    if files.get(DIGEST) != told.encode():
        faults.append("The manifest was changed.")
    names = Names(one.chain for one in manifest.entries)
    expected = {REPORT}
    if manifest.question is not None:
        expected.add(RUNBOOK)
    for one in manifest.entries:
        file = "" if _is_absent(one) else names.entry(one.chain, one.seq)
        proof = names.proof(one.chain, one.seq) if one.proof else ""
        if (one.file, one.proof) != (file, proof):
            faults.append(f"Entry {one.chain} {one.seq}: its files have wrong names.")
        expected |= {name for name in (file, proof) if name}
    for point in manifest.checkpoints:
        if point.file != names.checkpoint(point.chain):
            faults.append(f"Checkpoint of {point.chain}: its file has a wrong name.")
        expected.add(names.checkpoint(point.chain))
    beside = {MANIFEST, DIGEST, *([SIGNATURE] if manifest.collector else [])}
    for name in sorted(expected | beside):
        if name not in files:
            faults.append(f"The file {name} is missing.")
    for name in sorted(set(files) - expected - beside):
        faults.append(f"The file {name} does not belong there.")
    for name in sorted(expected ^ set(manifest.files)):
        faults.append(f"The manifest has no digest, or an extra one, for {name}.")
    for name, digest in manifest.files.items():
        if name in files and hashlib.sha256(files[name]).hexdigest() != digest:
            faults.append(f"The file {name} was changed.")
    return faults


def _is_absent(one: BundledEntry) -> bool:
    return not one.file


def _signature_faults(
    files: dict[str, bytes], manifest: Manifest, trust: Trust, collectors: tuple[VerifierKey, ...]
) -> tuple[bool, list[str]]:
    """Whether a trusted collector signed, and the fault of the signature (empty: none)."""
    if not manifest.collector:
        wanted = ["The bundle is not signed, but a signature is required."]
        return False, wanted if collectors else []
    try:
        key = parse_verifier_key(manifest.collector)
    except MalformedError as error:
        return False, [f"The collector's key cannot be read: {error}."]
    if key.text != manifest.collector:
        return False, ["The collector's key is not in canonical form."]
    fault = signature_fault(files.get(SIGNATURE, b""), files[MANIFEST], key)
    if fault:
        return False, [f"The collector's signature is invalid: {fault}."]
    if any(key.public_key == one.public_key for one in trust.keys):
        return False, [
            "It is signed by a key that is trusted for checkpoints, not by a collector's key."
        ]
    if collectors and key not in collectors:
        return False, [
            f"It is signed by {key.text}, which is not one of the given collector's keys."
        ]
    return key in collectors, []


def _entry_faults(derived: list[Derived]) -> list[str]:
    faults = [(one.said, one.fault) for one in derived if one.fault]
    chains: dict[str, list[Derived]] = {}
    for one in derived:
        chains.setdefault(one.said.chain, []).append(one)
    for of_chain in chains.values():
        faults += broken_links(of_chain)
    return [f"Entry {said.chain} {said.seq}: {fault}" for said, fault in faults]


def _report(manifest: Manifest, derived: list[Derived]) -> bytes | None:
    try:
        return report_text(manifest, [line_of(one.entry) for one in derived]).encode()
    except (ValueError, OverflowError):
        return None
