"""Live traffic: ordinary entries arriving while the demo is open."""

from __future__ import annotations

import random
import threading

from audittui import timestamp
from audittui.demo.traffic import IDENTITY, PLATFORM, ordinary
from audittui.errors import AuditError
from audittui.store.port import Store
from audittui.writer import AuditLog

PAUSE = (0.4, 2.5)
"""Random seconds between two groups of entries."""


class LiveTraffic:
    """Appends ordinary entries to ``store`` from a thread until `stop`."""

    def __init__(self, store: Store) -> None:
        self._logs = {chain: AuditLog(store, chain) for chain in (IDENTITY, PLATFORM)}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="audittui-demo")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for an append in progress."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        rng = random.Random()
        while not self._stopped.wait(rng.uniform(*PAUSE)):
            for chain, draft in ordinary(rng, timestamp.now()):
                try:
                    self._logs[chain].append(draft)
                except AuditError:
                    # The demo continues without traffic rather than fail on a full disk.
                    return
