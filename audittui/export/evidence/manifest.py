"""The manifest of an evidence bundle: ``manifest.json``.

Part of it follows from the other files and is compared with them: ``time``, ``hash``, ``file`` and
``proof`` of an entry, whether it is ANCHORED, everything of a checkpoint but ``sealed_at``, and
``files``. The rest is the collector's statement, which ``manifest.note`` may sign.
"""

from __future__ import annotations

import msgspec

FORMAT = "audittui-evidence/v1"
MOST = 10_000
"""Maximum entries in one bundle."""


class Question(msgspec.Struct, frozen=True):
    """The query: a runbook with its parameters, and the command that runs it again."""

    runbook: str
    title: str
    parameters: dict[str, str]
    command: str


class Cost(msgspec.Struct, frozen=True):
    """The cost of finding and proving. ``unmetered`` counts attempts of unknown cost."""

    requests: int = 0
    rcu: float = 0.0
    unmetered: int = 0


class BundledEntry(msgspec.Struct, frozen=True):
    """One entry: its position, its hash (RFC 6962 leaf, hex), its verdict, and its files.

    ``fault`` is what the collector found wrong (empty: nothing). An absent entry has no file, hash
    or time.
    """

    chain: str
    seq: int
    time: str
    hash: str
    verdict: str
    fault: str
    file: str
    proof: str = ""
    note: str = ""

    @property
    def told(self) -> str:
        """The verdict and the fault, without repeating the verdict."""
        begun = self.fault.startswith(self.verdict)
        return self.fault if begun else f"{self.verdict}. {self.fault}"


class BundledCheckpoint(msgspec.Struct, frozen=True):
    """The signed checkpoint that entries of one chain were proven under."""

    chain: str
    origin: str
    size: int
    sealed_at: str
    file: str


class Manifest(msgspec.Struct, frozen=True):
    """The manifest.

    ``keys`` are the keys that the collector trusted; ``collector`` is the key of ``manifest.note``
    (empty: not signed). ``files`` maps every file except the manifest, its digest and its signature
    to its SHA-256 (hex).
    """

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
    collector: str
    files: dict[str, str]


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes of the file."""
    text = msgspec.json.encode(manifest, order="sorted")
    return msgspec.json.format(text, indent=1) + b"\n"


def decode_manifest(data: bytes) -> Manifest:
    """The manifest in ``data``, which must be in canonical form. Raises `ValueError`."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise ValueError(str(error)) from None
    if manifest.format != FORMAT:
        raise ValueError(f"its format is {manifest.format[:40]!r}, not {FORMAT!r}")
    if encode_manifest(manifest) != data:
        raise ValueError("it is not in canonical form")
    return manifest
