"""An honest bundle, and a forger who writes everything in it anew but signatures."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.export.evidence.archive import pack, unpack
from audittui.export.evidence.check import Checked, check_bundle
from audittui.export.evidence.collect import Source, Wanted, make_bundle
from audittui.export.evidence.manifest import Cost, Manifest, Question, encode_manifest
from audittui.export.evidence.names import DIGEST, MANIFEST, REPORT, SIGNATURE
from audittui.export.evidence.report import line_of, read_entry, report_text
from audittui.export.evidence.signature import sign_manifest
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.keys import SignerKey
from audittui.integrity.trust import Trust
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")
SEALER = SignerKey("audit.example.com", bytes(range(32)))
COLLECTOR = SignerKey("alice@example.com", bytes(range(1, 33)))
THIEF = SignerKey("alice@example.com", bytes(range(2, 34)))
KEYS = (SEALER.verifier,)
COLLECTORS = (COLLECTOR.verifier,)
NOW = 1_800_000_000 * 10**6
SEALED, LENGTH = 10, 12
CHAINS = ("payments/0", "a__b/c", "a/b__c")
PROVEN = (
    Wanted("payments/0", 7, "look at this"), Wanted("payments/0", 3), Wanted("payments/0", 2),
    Wanted("a__b/c", 4), Wanted("a/b__c", 4),
)  # fmt: skip
SOURCE = Source(
    question=Question(
        "actor-activity", "Actor activity", {"window": "-1h..now", "actor": "é"}, "audittui run x"
    ),
    runbook="name: Actor activity\n",
    coverage="complete from 14:00:00 to 15:00:00",
    cost=Cost(2, 1.5),
)


def new_log(chains: Sequence[str] = CHAINS) -> SqliteStore:
    """A store of chains of 12 entries, of which 10 are sealed."""
    store = SqliteStore(":memory:", LAYOUT, create=True)
    number = 0

    def new_id() -> str:
        nonlocal number
        number += 1
        return f"{number:032x}"

    for chain in chains:
        log = AuditLog(store, chain, clock=lambda: NOW, ids=new_id)
        log.append_many([Draft(actor=f"user-{n}", action="s3:GetObject") for n in range(LENGTH)])
        Sealer(store, LAYOUT, chain, SEALER, clock=lambda: NOW).seal(up_to=SEALED)
    return store


def bundle(
    wanted: Sequence[Wanted] = PROVEN,
    *,
    store: SqliteStore | None = None,
    source: Source = SOURCE,
    sign: SignerKey | None = None,
    key: SignerKey | None = SEALER,
) -> bytes:
    """An honest bundle."""
    connection = Connection(Target(), store or new_log(), LAYOUT)
    settings = None if key is None else VerificationSettings(Trust((key.verifier,)))
    return make_bundle(connection, wanted, source, settings, now=NOW, sign=sign)


class Forger:
    """A bundle's files and its manifest as plain data, to be changed at will."""

    def __init__(self, data: bytes) -> None:
        self.files = unpack(data)
        self.manifest: Any = json.loads(self.files[MANIFEST])

    @property
    def entries(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.manifest["entries"]
        return entries

    def unprove(self, entry: dict[str, Any], verdict: str = "CHAINED") -> None:
        """Take the proof of an entry away, and call it something else."""
        if entry["proof"]:
            del self.files[entry["proof"]]
        entry.update(proof="", verdict=verdict)

    def rewrite(self, entry: dict[str, Any], old: bytes, new: bytes) -> None:
        """Change an entry's text, and its hash with it."""
        text = self.files[entry["file"]].replace(old, new)
        self.files[entry["file"]] = text
        entry["hash"] = hashlib.sha256(b"\x00" + text).hexdigest()

    def packed(self, sign: SignerKey | None = None) -> bytes:
        """The bundle with all digests, the report and the spelling as they must be; signed anew
        by ``sign``, else with the signature that it had."""
        files, manifest = dict(self.files), copy.deepcopy(self.manifest)
        if sign is not None:
            manifest["collector"] = sign.verifier.text
        try:
            typed = msgspec.convert(manifest, Manifest)
            texts = [files.get(one.file) for one in typed.entries]
            lines = [line_of(None if text is None else read_entry(text)) for text in texts]
            files[REPORT] = report_text(typed, lines).encode()
        except (msgspec.ValidationError, ValueError, OverflowError):
            typed = None
        if typed is None:
            files[MANIFEST] = json.dumps(manifest).encode()
        else:
            files[MANIFEST] = encode_manifest(typed)
            redigest(files)
        if sign is not None:
            files[SIGNATURE] = sign_manifest(files[MANIFEST], sign)
        return pack(files)


def redigest(files: dict[str, bytes]) -> None:
    """Write all digests of ``files`` as they must be, and touch nothing else."""
    digests = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name not in (MANIFEST, DIGEST, SIGNATURE)
    }
    manifest = msgspec.structs.replace(
        msgspec.json.decode(files[MANIFEST], type=Manifest), files=digests
    )
    files[MANIFEST] = encode_manifest(manifest)
    files[DIGEST] = f"{hashlib.sha256(files[MANIFEST]).hexdigest()}  {MANIFEST}\n".encode()


def redigested(files: Mapping[str, bytes]) -> bytes:
    """A bundle of ``files`` with all digests as they must be."""
    digested = dict(files)
    redigest(digested)
    return pack(digested)


HONEST = bundle()
SIGNED = bundle(sign=COLLECTOR)
MIXED = bundle([*PROVEN, Wanted("payments/0", 10), Wanted("payments/0", 11)])


def checked(data: bytes, *, signed: bool = False) -> Checked:
    """What comes of checking a bundle, with the collector's key if it must be ``signed``."""
    return check_bundle(data, KEYS, COLLECTORS if signed else ())


def sealed_early() -> SqliteStore:
    """A log as it was when five of its entries were sealed."""
    store = new_log(("payments/0",))
    tampering.delete(store, {"pk": "checkpoint#payments/0", "sk": f"{10:020d}"})
    Sealer(store, LAYOUT, "payments/0", SEALER).seal(up_to=5)
    return store
