"""Opens the demo's store: created and filled on first use, with traffic arriving afterwards."""

from __future__ import annotations

import msgspec

from audittui import timestamp
from audittui.connection import Connection, Target, open_connection
from audittui.demo.live import LiveTraffic
from audittui.demo.seal import demo_key
from audittui.demo.seed import seed
from audittui.demo.traffic import PLATFORM
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore


class Demo:
    """The demo in the file ``path``. The application calls ``connect`` to open it, and to open any
    other target that the user connects to.

    ``traffic`` False adds no live traffic, for pictures.
    """

    def __init__(self, path: str, *, traffic: bool = True) -> None:
        self.target = Target(store=path)
        self.anchor: int | None = None
        """When the store was filled, in microseconds; None if it was not filled here."""
        self._wanted = traffic
        self._traffic: LiveTraffic | None = None

    def connect(self, target: Target) -> Connection:
        """The open store, filled if it was empty; live traffic begins. Takes about two seconds.

        Another target is opened as it is, for reading.
        """
        if not target.same(self.target):
            return open_connection(target, read_only=True)
        layout = load_layout("native")
        store = SqliteStore(target.store or ":memory:", layout, create=True, durable=False)
        if store.describe().item_count == 0:
            self.anchor = timestamp.now()
            seed(store, self.anchor)
        if self._wanted and self._traffic is None:
            self._traffic = LiveTraffic(store)
            self._traffic.start()
        key = demo_key(store, PLATFORM)
        if key and not target.trusted_keys:
            target = msgspec.structs.replace(target, trusted_keys=(key,))
        return Connection(target, store, layout)

    def close(self) -> None:
        """End the live traffic."""
        if self._traffic is not None:
            self._traffic.stop()
