"""The command line in a folder of its own, with a store, a key, and what a tamperer does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from audittui.cli.main import run
from audittui.entry import Draft
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.tlog.keys import SignerKey
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")
KEY = SignerKey("audit.example.com", bytes(range(32)))
SECOND = SignerKey("audit.second.example", bytes(range(1, 33)))


class Bench:
    """A folder that is also the state folder's place. Commands run in this process, on the store
    ``log.db``."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.path = folder / "log.db"
        self._capfd = capfd
        self._monkeypatch = monkeypatch
        for name in ("AUDITTUI_TABLE", "AUDITTUI_TRUSTED_KEYS", "AUDITTUI_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AUDITTUI_CONFIG", str(folder / "config.toml"))
        monkeypatch.setenv("AUDITTUI_STORE", str(self.path))
        self.use_state("state")
        monkeypatch.chdir(folder)

    def use_state(self, name: str) -> None:
        """Be the machine whose state folder this is."""
        self.state = self.folder / name
        self._monkeypatch.setenv("AUDITTUI_STATE", str(self.state))

    def trust(self, *keys: SignerKey) -> None:
        """Trust these keys in every command from now on."""
        self._monkeypatch.setenv(
            "AUDITTUI_TRUSTED_KEYS", " ".join(key.verifier.text for key in keys)
        )

    def open(self) -> SqliteStore:
        """The store, to be closed."""
        return SqliteStore(str(self.path), LAYOUT, create=True)

    def append(self, chain: str = "payments/0", count: int = 12, **fields: Any) -> None:
        """Append entries."""
        store = self.open()
        log = AuditLog(store, chain)
        drafts = [Draft(actor=f"user-{n}", action="b", **fields) for n in range(count)]
        for at in range(0, count, 100):
            log.append_many(drafts[at : at + 100])
        store.close()

    def seal(
        self, chain: str = "payments/0", up_to: int | None = None, key: SignerKey = KEY
    ) -> str:
        """Seal a chain on another machine; the note."""
        store = self.open()
        note = Sealer(store, LAYOUT, chain, key).seal(up_to=up_to).note
        store.close()
        return note

    def get(self, key: Mapping[str, Any]) -> dict[str, Any]:
        """An item of the table."""
        store = self.open()
        item = dict(store.get(key).item or {})
        store.close()
        return item

    def put(self, item: Mapping[str, Any]) -> None:
        """Write an item without conditions."""
        store = self.open()
        tampering.overwrite(store, item)
        store.close()

    def delete(self, *keys: Mapping[str, Any]) -> None:
        """Delete items."""
        store = self.open()
        for key in keys:
            tampering.delete(store, key)
        store.close()

    def destroy(self, chain: str, *, entries: bool = True, sealed: bool = True) -> None:
        """Delete a chain and its record in the registry."""
        prefixes = [f"entry#{chain}"] * entries + [f"tile#{chain}", f"checkpoint#{chain}"] * sealed
        store = self.open()
        with store.file.reading() as connection:
            keys = [
                key
                for prefix in prefixes
                for key in connection.execute("SELECT pk, sk FROM items WHERE pk = ?", (prefix,))
            ]
        for pk, sk in keys:
            tampering.delete(store, {"pk": pk, "sk": sk})
        if entries:
            tampering.delete(store, {"pk": "chains", "sk": chain})
        store.close()

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def __call__(self, *words: Any, code: int = 0) -> tuple[str, str]:
        """What a command prints, on stdout and stderr; it must end with ``code``."""
        found = run([str(word) for word in words])
        out, err = self._capfd.readouterr()
        assert found == code, (found, out[-2000:], err)
        return out, err

    def lines(self, *words: Any, code: int = 0) -> list[dict[str, Any]]:
        """What a command prints as JSON Lines."""
        out, _ = self(*words, "--format", "jsonl", code=code)
        return [json.loads(line) for line in out.splitlines()]
