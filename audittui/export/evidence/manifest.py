"""What an evidence bundle says of itself: ``manifest.json``."""

from __future__ import annotations

import msgspec

FORMAT = "audittui-evidence-1"
MANIFEST, DIGEST, REPORT = "manifest.json", "manifest.sha256", "report.md"


class Question(msgspec.Struct, frozen=True):
    """What was asked: a runbook with its parameters, and the command that asks the same."""

    runbook: str
    title: str
    parameters: dict[str, str]
    command: str


class Cost(msgspec.Struct, frozen=True):
    """What finding and proving took. ``unmetered`` counts attempts of unknown cost."""

    requests: int = 0
    rcu: float = 0.0
    unmetered: int = 0


class BundledEntry(msgspec.Struct, frozen=True):
    """One entry: where it was, its hash (RFC 6962 leaf, hex), what was found, and its files."""

    chain: str
    seq: int
    time: str
    hash: str
    verdict: str
    summary: str
    file: str
    proof: str = ""
    note: str = ""


class BundledCheckpoint(msgspec.Struct, frozen=True):
    """The signed checkpoint that entries of one chain were proven under."""

    chain: str
    origin: str
    size: int
    sealed_at: str
    file: str


class Manifest(msgspec.Struct, frozen=True):
    """The whole manifest. ``files`` is the SHA-256 (hex) of every other file."""

    format: str
    tool: str
    created: str
    place: str
    layout: str
    question: Question | None
    coverage: str
    complete: bool
    cost: Cost
    entries: tuple[BundledEntry, ...]
    checkpoints: tuple[BundledCheckpoint, ...]
    keys: tuple[str, ...]
    files: dict[str, str]


def encode_manifest(manifest: Manifest) -> bytes:
    """The file's bytes."""
    text = msgspec.json.encode(manifest, order="sorted")
    return msgspec.json.format(text, indent=1) + b"\n"


def decode_manifest(data: bytes) -> Manifest:
    """The manifest in ``data``. Raises `ValueError`."""
    manifest = msgspec.json.decode(data, type=Manifest)
    if manifest.format != FORMAT:
        raise ValueError(f"its format is {manifest.format[:40]!r}, not {FORMAT!r}")
    return manifest
