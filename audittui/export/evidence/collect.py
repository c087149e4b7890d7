"""Gathers what a bundle holds: the entries' stored text, and what proves each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from audittui import __version__, timestamp
from audittui.connection import Connection
from audittui.entry import decode_body
from audittui.errors import UsageError
from audittui.export.evidence.archive import pack
from audittui.export.evidence.manifest import (
    DIGEST,
    FORMAT,
    MANIFEST,
    REPORT,
    BundledCheckpoint,
    BundledEntry,
    Cost,
    Manifest,
    Question,
    encode_manifest,
)
from audittui.export.evidence.report import Line, report_text
from audittui.integrity.anchor import AnchorSettings
from audittui.integrity.prover import Prover
from audittui.integrity.verdict import Verdict

MOST = 10_000
"""Entries in one bundle."""
_BATCH = 50
Progress = Callable[[int, int], None]
"""Told how many entries were gathered, and of how many."""


class Wanted(msgspec.Struct, frozen=True):
    """An entry to put into a bundle; ``note`` is somebody's words about it."""

    chain: str
    seq: int
    note: str = ""


class Source(msgspec.Struct, frozen=True):
    """How the entries were found. ``runbook`` is the runbook's own text."""

    question: Question | None = None
    runbook: str = ""
    coverage: str = "chosen by hand"
    complete: bool = True
    cost: Cost = Cost()


def make_bundle(
    connection: Connection,
    wanted: Sequence[Wanted],
    source: Source,
    settings: AnchorSettings | None,
    *,
    now: int,
    progress: Progress | None = None,
) -> bytes:
    """The bytes of a bundle of ``wanted``, made at ``now`` (microseconds).

    Raises `UsageError` for none, too many, an entry that is not there, or a layout without
    chains; `StoreError`.
    """
    if not connection.layout.chained:
        raise UsageError(
            f"The layout {connection.layout.name} keeps no hash chain, so nothing can be proven.",
            "Export the rows with audittui run --format jsonl instead.",
        )
    if not wanted:
        raise UsageError("There is no entry to bundle.", "Mark some, or ask a runbook.")
    if len(wanted) > MOST:
        raise UsageError(
            f"{len(wanted):,} entries are too many for one bundle.", f"At most {MOST:,}: narrow it."
        )
    provers: dict[str, Prover] = {}
    files: dict[str, bytes] = {}
    entries: list[BundledEntry] = []
    lines: list[Line] = []
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        for chain in dict.fromkeys(one.chain for one in batch):
            if chain not in provers:
                provers[chain] = Prover(connection.store, connection.layout, chain, settings)
            provers[chain].fetch([one.seq for one in batch if one.chain == chain])
        for one in batch:
            body, verdict = provers[one.chain].prove(one.seq)
            entry, line = _added(files, one, body, verdict)
            entries.append(entry)
            lines.append(line)
        if progress is not None:
            progress(len(entries), len(wanted))
    checkpoints = []
    for chain, prover in sorted(provers.items()):
        point = prover.found.checkpoint
        if point is not None:
            name = f"checkpoints/{_folder(chain)}.note"
            files[name] = prover.found.note.encode()
            checkpoints.append(
                BundledCheckpoint(chain, point.origin, point.size, prover.found.sealed_at, name)
            )
    if source.runbook:
        files["runbook.yaml"] = source.runbook.encode()
    cost = source.cost
    manifest = Manifest(
        format=FORMAT,
        tool=f"audittui {__version__}",
        created=timestamp.text(now),
        place=connection.store.place,
        layout=connection.layout.name,
        question=source.question,
        coverage=source.coverage,
        complete=source.complete,
        cost=Cost(
            cost.requests + sum(prover.requests for prover in provers.values()),
            cost.rcu + sum(prover.rcu for prover in provers.values()),
            cost.unmetered,
        ),
        entries=tuple(entries),
        checkpoints=tuple(checkpoints),
        keys=tuple(key.text for key in settings.trust.keys) if settings is not None else (),
        files={},
    )
    files[REPORT] = report_text(manifest, lines).encode()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    files[MANIFEST] = encode_manifest(msgspec.structs.replace(manifest, files=digests))
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    files[DIGEST] = f"{digest}  {MANIFEST}\n".encode()
    return pack(files)


def _added(
    files: dict[str, bytes], one: Wanted, body: bytes, verdict: Verdict
) -> tuple[BundledEntry, Line]:
    """Put an entry and its proof among the files."""
    place = f"{_folder(one.chain)}/{one.seq:020d}"
    file = f"entries/{place}.json"
    files[file] = body
    proof = ""
    if verdict.proof:
        proof = f"proofs/{place}.tlog-proof"
        files[proof] = verdict.proof
    time, line = "", Line()
    try:
        entry = decode_body(body)
    except ValueError:
        pass
    else:
        time = entry.time
        line = Line(entry.actor, entry.action, entry.resource or "", entry.outcome)
    bundled = BundledEntry(
        chain=one.chain,
        seq=one.seq,
        time=time,
        hash=hashlib.sha256(b"\x00" + body).hexdigest(),
        verdict=verdict.verdict,
        summary=verdict.summary,
        file=file,
        proof=proof,
        note=one.note,
    )
    return bundled, line


def _folder(chain: str) -> str:
    return chain.replace("/", "__")
