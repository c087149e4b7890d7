"""A sealer that is really killed, at every write, leaves a log that the next one goes on with."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from audittui.entry import Draft
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.keys import SignerKey
from audittui.integrity.trust import Trust
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

LAYOUT = load_layout("native")
CHAIN = "payments/0"
KEY = SignerKey("audit.example.com", bytes(range(32)))
TRUST = Trust((KEY.verifier,))
CHILD = """
import os, signal, sys
from audittui.integrity.tlog.keys import SignerKey
from audittui.integrity.pins import Pins
from audittui.integrity.sealing.sealer import Sealer
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from pathlib import Path

path, pins, moments = sys.argv[1], sys.argv[2], int(sys.argv[3])

class Dying(SqliteStore):
    def put_new(self, item):
        self._count(before=True)
        super().put_new(item)
        self._count(before=False)

    def _count(self, before):
        global moments
        if moments == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        moments -= 1

layout = load_layout("native")
store = Dying(path, layout)
key = SignerKey("audit.example.com", bytes(range(32)))
Sealer(store, layout, "payments/0", key, pins=Pins(Path(pins))).seal()
"""


def test_killed_before_and_after_every_write(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    store = SqliteStore(str(path), LAYOUT, create=True)
    log = AuditLog(store, CHAIN, retention=1)
    log.append_many([Draft(actor="a", action="b")] * 300)
    Sealer(store, LAYOUT, CHAIN, KEY).seal(up_to=100)
    log.append_many([Draft(actor="a", action="b")] * 300)
    killed = 0
    while True:
        ended = subprocess.run(
            [sys.executable, "-c", CHILD, str(path), str(tmp_path / "pins"), str(killed)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        newest = SealedLog(store, CHAIN).newest()
        assert newest is not None
        assert TRUST.checkpoint(newest.note, CHAIN).size in (100, 600)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        killed += 1
    # Two full tiles, the partial ones, the checkpoint (the prune record comes with time).
    assert killed >= 6
    verdicts = list(verify_chain(store, LAYOUT, CHAIN, settings=VerificationSettings(TRUST)))
    assert {one.verdict for one in verdicts} == {"ANCHORED"}
    assert len(verdicts) == 600
    store.close()
