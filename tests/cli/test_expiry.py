"""A log with TTL, verified while entries expire: told apart from one that was tampered with."""

from __future__ import annotations

import json
import time
from pathlib import Path

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
CHAIN = "payments/0"
KEY = SignerKey("audit.example.com", bytes(range(32)))
HOUR = 3600
SECOND = 10**6


class Log:
    """A chain that gets an entry an hour, each living for ten hours, up to the present.

    It is sealed every ``sealed_every`` hours; the sealer sees the clock stand still before
    anything expired, so that no prune record says so.
    """

    def __init__(self, path: Path, capfd: pytest.CaptureFixture[str], ages: list[float]) -> None:
        self.capfd = capfd
        self.now = int(time.time())
        self.store = SqliteStore(str(path), LAYOUT, create=True)
        for age in ages:
            self.append(age, 1)

    def append(self, age: float, count: int) -> None:
        moment = (self.now - int(age * HOUR)) * SECOND
        log = AuditLog(self.store, CHAIN, retention=10 * HOUR, clock=lambda: moment)
        log.append_many([Draft(actor="a", action="b")] * count)

    def seal(self, size: int, age: float) -> None:
        moment = (self.now - int(age * HOUR)) * SECOND
        Sealer(self.store, LAYOUT, CHAIN, KEY, clock=lambda: moment).seal(up_to=size)

    def delete(self, *seqs: int) -> None:
        for seq in seqs:
            tampering.delete(self.store, LAYOUT.key(CHAIN, seq))

    def __call__(self, *words: str, code: int) -> tuple[str, str]:
        found = run(["verify", *words])
        out, err = self.capfd.readouterr()
        assert found == code, (out, err)
        return out, err


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUDITTUI_TABLE", "AUDITTUI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUDITTUI_TRUSTED_KEYS", KEY.verifier.text)
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("AUDITTUI_STORE", str(tmp_path / "log.db"))
    return tmp_path / "log.db"


# Hours ago: the first four have expired (ten hours), the fifth has an hour and a half left.
AGES = [14.0, 13.0, 12.0, 11.0, 8.5, 7.0, 1.0]


@pytest.mark.parametrize("keys", [True, False])
def test_what_expired_before_one_that_expired_is_not_missing(
    path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, keys: bool
) -> None:
    log = Log(path, capfd, AGES)
    log.seal(3, 10)
    log.seal(6, 6)
    log.delete(0, 2)
    if not keys:
        monkeypatch.delenv("AUDITTUI_TRUSTED_KEYS")
    out, err = log("--all", code=0)
    assert out == ""
    assert "2 expired, not yet recorded" in err
    out, _ = log(CHAIN, "2", code=0)
    assert out.startswith(f"{CHAIN} 2: EXPIRED (not yet recorded).")
    out, _ = log("--all", "--format", "json", code=0)
    assert "EXPIRED (not yet recorded)" in out


def test_what_may_have_expired_within_one_sealing_is_said_so(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = Log(path, capfd, AGES)
    log.seal(3, 10)
    log.seal(6, 6)
    # Seq 3 expired an hour ago, and the next that is there lives for another hour and a half.
    log.delete(0, 1, 2, 3)
    out, err = log("--all", code=3)
    assert out.startswith(f"{CHAIN} 3: MISSING (may have expired). seq 3 is not in the table.")
    assert "cannot be settled yet: 1 MISSING (may have expired)" in err
    assert "MISSING (may have expired)" in log(CHAIN, "3", code=3)[0]
    assert "EXPIRED (not yet recorded)" in log(CHAIN, "0", code=0)[0]


def test_what_cannot_have_expired_is_missing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = Log(path, capfd, AGES)
    log.seal(3, 10)
    log.seal(6, 6)
    log.delete(0, 1, 2, 3, 5)
    # Its predecessor is there and alive.
    out, _ = log("--all", code=4)
    assert f"{CHAIN} 5: MISSING. seq 5 is not in the table." in out
    assert log(CHAIN, "5", code=4)[0].startswith(f"{CHAIN} 5: MISSING. ")
    # The next one that is there lives for longer than one interval of sealing.
    log.delete(4)
    out, _ = log("--all", code=4)
    assert f"{CHAIN} 5: MISSING. " in out or "MISSING, the same" in out
    log.delete(6)
    assert "5: TRUNCATED" in log("--all", code=4)[0]


def test_a_log_that_has_expired_altogether_is_not_cut_off(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = Log(path, capfd, [14.0, 13.0, 12.0])
    log.seal(3, 10)
    log.delete(0, 1, 2)
    _, err = log("--all", code=0)
    assert "3 expired, not yet recorded" in err
    assert "EXPIRED (not yet recorded)" in log(CHAIN, "2", code=0)[0]


def test_a_prune_record_from_the_future_is_not_believed(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = Log(path, capfd, [3.0, 2.0, 1.0])
    log.seal(2, 1)
    log.seal(2, -400 * 24)
    log.delete(0)
    out, err = log("--all", code=4)
    assert f"{CHAIN} 0: MISSING. seq 0 is not in the table." in out
    assert "The prune record below 2 was signed before its entries could expire" in out
    assert "as allowed" not in err
    assert "signed before its entries could expire" in log(CHAIN, "0", code=4)[0]


def test_the_summary_of_a_long_run_counts_its_entries(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = Log(path, capfd, [14.0])
    log.append(12, 1500)
    log.seal(1501, 11)
    log.delete(*range(1400))
    out, err = log("--all", "--format", "json", code=0)
    assert len(json.loads(out)) >= 101
    assert "1,400 expired, not yet recorded" in err
