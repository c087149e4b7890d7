"""The demo's signed checkpoints, so that a proven entry can be seen.

Each demo's log has its own owner, whose key is derived from its name. The key is not secret, and
two demos are never taken for one log that was rewritten.
"""

from __future__ import annotations

import hashlib

from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.tlog.keys import SignerKey
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.note import parse_note
from audittui.layout.model import Layout
from audittui.store.port import Store


def seal_demo(store: Store, layout: Layout, chains: tuple[str, ...], anchor: int) -> None:
    """Sign a checkpoint of each chain at ``anchor`` (microseconds)."""
    key = _key(f"demo-{anchor:x}.example.com")
    for chain in chains:
        Sealer(store, layout, chain, key, clock=lambda: anchor).seal()


def demo_key(store: Store, chain: str) -> str:
    """The verifier key (as text) of the demo in ``store``; empty if there is none."""
    newest = SealedLog(store, chain).newest()
    if newest is None:
        return ""
    try:
        origin = parse_note(newest.note.encode()).text.partition("\n")[0]
    except MalformedError:
        return ""
    return _key(origin.removesuffix(f"/{chain}")).verifier.text


def _key(owner: str) -> SignerKey:
    return SignerKey(owner, hashlib.sha256(f"audittui demo, {owner}".encode()).digest())
