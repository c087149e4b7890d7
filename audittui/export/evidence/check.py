"""Checks a bundle offline: every byte, every hash, every proof. No table, no AWS."""

from __future__ import annotations

import hashlib

import msgspec

from audittui.entry import decode_body, hash_body
from audittui.errors import AuditError
from audittui.export.evidence.archive import DamagedError, unpack
from audittui.export.evidence.manifest import (
    DIGEST,
    MANIFEST,
    BundledEntry,
    Manifest,
    decode_manifest,
)
from audittui.integrity.checkpoint_file import read_anchor, read_proof
from audittui.integrity.keys import VerifierKey
from audittui.integrity.malformed import MalformedError
from audittui.integrity.trust import Trust, trusted_keys


class Checked(msgspec.Struct, frozen=True):
    """What came of it.

    ``faults`` are sentences; empty where the bundle is whole. ``proven`` entries lie under a
    checkpoint that ``trusted`` keys signed; where those are the bundle's own, ``own_keys`` is
    True: then it is whole, but nobody vouches for the signer.
    """

    digest: str
    manifest: Manifest | None
    faults: tuple[str, ...]
    proven: int = 0
    own_keys: bool = False


def check_bundle(data: bytes, keys: tuple[VerifierKey, ...]) -> Checked:
    """Check the bundle in ``data`` against trusted ``keys`` (none: those that it names)."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        files = unpack(data)
        manifest = decode_manifest(files.get(MANIFEST, b""))
    except DamagedError as error:
        return Checked(digest, None, (f"This is no whole bundle: {error}.",))
    except (ValueError, msgspec.MsgspecError) as error:
        return Checked(digest, None, (f"The manifest cannot be read: {error}.",))
    faults = list(_file_faults(files, manifest))
    own = not keys
    try:
        trust = Trust(keys or trusted_keys(manifest.keys))
    except AuditError as error:
        faults.append(str(error))
        trust = Trust(())
    proven = 0
    for point in manifest.checkpoints:
        try:
            anchor = read_anchor(files.get(point.file, b""), trust)
        except AuditError as error:
            faults.append(f"Checkpoint of {point.chain}: {error.message}")
            continue
        if (anchor.chain, anchor.checkpoint.size) != (point.chain, point.size):
            faults.append(f"Checkpoint of {point.chain}: it is another than the manifest says.")
    for entry in manifest.entries:
        fault = _entry_fault(files, entry, trust)
        if fault:
            faults.append(f"Entry {entry.chain} {entry.seq}: {fault}")
        elif entry.proof:
            proven += 1
    return Checked(digest, manifest, tuple(faults), proven, own)


def _file_faults(files: dict[str, bytes], manifest: Manifest) -> list[str]:
    faults = []
    told = files.get(DIGEST, b"").decode("ascii", "replace")
    if told != f"{hashlib.sha256(files[MANIFEST]).hexdigest()}  {MANIFEST}\n":
        faults.append("The manifest is not the one that was bundled.")
    for name, digest in manifest.files.items():
        if name not in files:
            faults.append(f"The file {name} is absent.")
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            faults.append(f"The file {name} was changed.")
    extra = sorted(set(files) - set(manifest.files) - {MANIFEST, DIGEST})
    faults += [f"The file {name} is not in the manifest." for name in extra]
    return faults


def _entry_fault(files: dict[str, bytes], entry: BundledEntry, trust: Trust) -> str:
    """What is wrong with one entry; empty where nothing is."""
    body = files.get(entry.file)
    if body is None:
        return "its file is absent."
    if hash_body(body).hex() != entry.hash:
        return "it does not hash to what the manifest says."
    if entry.verdict == "ANCHORED":
        if not entry.proof:
            return "it is called ANCHORED, but there is no proof."
        try:
            said = decode_body(body)
            proven = read_proof(files.get(entry.proof, b""), trust)
        except AuditError as error:
            return error.message
        except (ValueError, MalformedError) as error:
            return f"it cannot be read: {error}."
        if (said.chain, said.seq) != (entry.chain, entry.seq):
            return "its body names another place."
        if (proven.anchor.chain, proven.seq, proven.body) != (entry.chain, entry.seq, body):
            return "its proof is another entry's."
    elif entry.proof:
        return f"it is called {entry.verdict}, but has a proof."
    return ""
