"""The names of a bundle's files, each derived from what the file holds."""

from __future__ import annotations

import re
from collections.abc import Iterable

MANIFEST, DIGEST, SIGNATURE = "manifest.json", "manifest.sha256", "manifest.note"
REPORT, RUNBOOK = "report.md", "runbook.yaml"
_OTHER = re.compile(r"[^a-z0-9]+")
_LONGEST = 40


class Names:
    """The names of the files of ``chains``.

    A chain's folder is its number among the sorted chains and a readable part of its name, such as
    ``1-payments-0``. Folders thus differ even on case-insensitive file systems, and no name is
    reserved.
    """

    def __init__(self, chains: Iterable[str]) -> None:
        self._folders = {
            chain: f"{number}-{_OTHER.sub('-', chain.lower())[:_LONGEST].strip('-')}".rstrip("-")
            for number, chain in enumerate(sorted(set(chains)), start=1)
        }

    def entry(self, chain: str, seq: int) -> str:
        """The file of an entry's text."""
        return f"entries/{self._folders[chain]}/{seq:020d}.json"

    def proof(self, chain: str, seq: int) -> str:
        """The file of an entry's proof."""
        return f"proofs/{self._folders[chain]}/{seq:020d}.tlog-proof"

    def checkpoint(self, chain: str) -> str:
        """The file of a chain's checkpoint."""
        return f"checkpoints/{self._folders[chain]}.note"
