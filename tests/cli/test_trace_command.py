"""``audittui trace`` as a user runs it: who changed what, and what is said of what was not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audittui.cli.main import run
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.port import Found, Key, Page, Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

Trace = Callable[..., tuple[int, str, str]]
UNREADABLE = "These credentials may not read the entry."


def step(actor: str, action: str = "role.update", **told: Any) -> Draft:
    return Draft(**{"outcome": "success", "resource": "role/x", **told}, actor=actor, action=action)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    store = SqliteStore(
        str(tmp_path / "case.db"), load_layout("native"), create=True, durable=False
    )
    return AuditLog(store, "app/0")


@pytest.fixture
def trace(log: AuditLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Trace:
    """Runs ``audittui trace`` of the role: its exit code, standard output, standard error."""

    def call(*words: str, resource: str = "role/x") -> tuple[int, str, str]:
        code = run(["trace", resource, "--store", str(tmp_path / "case.db"), *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def unreadable(monkeypatch: pytest.MonkeyPatch, *seqs: int) -> None:
    """The entries ``seqs`` can be listed, and not read."""
    broken = {f"{seq:020d}" for seq in seqs}
    get, query = SqliteStore.get, SqliteStore.query

    def broken_get(self: SqliteStore, key: Key, *, consistent: bool = True) -> Found:
        if key["sk"] in broken:
            raise StoreError(UNREADABLE, kind="permission")
        return get(self, key, consistent=consistent)

    def broken_query(self: SqliteStore, request: Query, *more: Any) -> Page:
        low, high = str(request.low or ""), str(request.high or "~")
        entries = not request.index and str(request.partition[1]).startswith("entry#")
        if entries and any(low <= sk <= high for sk in broken):
            raise StoreError(UNREADABLE, kind="permission")
        return query(self, request, *more)

    monkeypatch.setattr(SqliteStore, "get", broken_get)
    monkeypatch.setattr(SqliteStore, "query", broken_query)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def blamed(log: AuditLog) -> None:
    """a2 makes an admin of the role; a3 changes something else."""
    log.append_many(
        [
            step("a1", "role.create", after={"admin": False, "n": 1}),
            step("a2", after={"admin": True, "n": 1}),
            step("a3", after={"admin": True, "n": 2}),
            step("a4", after={"admin": True, "n": 3}),
        ]
    )


def test_nobody_is_blamed_for_what_an_unread_entry_did(
    log: AuditLog, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    blamed(log)
    unreadable(monkeypatch, 1)
    code, out, err = trace("--format", "jsonl")
    first, unread, after, last = objects(out)
    assert code == 1
    assert first["changes"] and first["fault"] is None
    assert (unread["changes"], unread["after"]) == (None, None)
    assert UNREADABLE in unread["fault"]
    assert (after["changes"], after["fault"]) == (None, None)
    assert after["after"] == {"admin": True, "n": 2}
    assert "could not be read" in after["unknown"]
    assert [(one["path"], one["before"], one["after"]) for one in last["changes"]] == [("n", 2, 3)]
    assert "1 of 4 could not be read" in err


def test_the_text_says_what_was_not_read_and_shows_no_change_after_it(
    log: AuditLog, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    blamed(log)
    unreadable(monkeypatch, 1)
    code, out, err = trace()
    assert code == 1
    assert UNREADABLE in out
    assert "+ admin: true" not in out and "- admin" not in out
    assert "= admin: true" in out and "+ n: 3" in out
    assert "1 of 4 could not be read" in err and ": complete from" not in err


def test_one_array_has_the_fault_too(
    log: AuditLog, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    blamed(log)
    unreadable(monkeypatch, 1)
    code, out, _ = trace("--format", "json")
    steps = json.loads(out)
    assert code == 1 and [one["seq"] for one in steps] == [0, 1, 2, 3]
    assert UNREADABLE in steps[1]["fault"] and steps[2]["changes"] is None
    code, out, _ = trace("--format", "json", resource="role/nobody")
    assert json.loads(out) == []


def test_nothing_could_be_read(
    log: AuditLog, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    blamed(log)
    unreadable(monkeypatch, 0, 1, 2, 3)
    code, out, err = trace("--format", "jsonl")
    assert code == 1 and "4 of 4 could not be read" in err
    assert all(one["changes"] is None and UNREADABLE in one["fault"] for one in objects(out))


def test_an_entry_that_is_damaged_is_unread(log: AuditLog, trace: Trace, tmp_path: Path) -> None:
    blamed(log)
    store = SqliteStore(str(tmp_path / "case.db"), load_layout("native"))
    item = dict(store.get(store.layout.key("app/0", 1)).item or {})
    tampering.overwrite(store, {**item, "body": "{"})
    store.close()
    code, out, err = trace("--format", "jsonl")
    assert code == 1 and "1 of 4 could not be read" in err
    _, unread, after, _ = objects(out)
    assert unread["fault"] and unread["changes"] is None and after["changes"] is None


def test_what_was_refused_or_failed_changes_nothing_and_says_so(
    log: AuditLog, trace: Trace
) -> None:
    log.append_many(
        [
            step("a1", "role.create", after={"n": 1}),
            step("a2", after={"n": 9}, outcome="denied", reason="AccessDenied"),
            step("a3", after={"n": 8}, outcome="failure", reason="LimitExceeded"),
            step("a4", after={"n": 2}),
        ]
    )
    _, out, _ = trace("--format", "jsonl")
    steps = objects(out)
    assert [one["change"] for one in steps] == ["created", "refused", "failed", "changed"]
    assert [one["changes"] for one in steps[1:3]] == [[], []]
    (line,) = steps[3]["changes"]
    assert (line["before"], line["after"]) == (1, 2)
    _, out, _ = trace()
    assert "failed   role.update by a3 (failure: LimitExceeded)" in out
    assert "refused  role.update by a2 (denied: AccessDenied)" in out


def test_a_state_does_not_outlive_its_resource(log: AuditLog, trace: Trace) -> None:
    log.append_many(
        [
            step("a1", "role.create", after={"n": 1, "old": 1}),
            step("a2", "role.delete"),
            step("a3", "role.create", after={"n": 2}),
            step("a4", "role.delete"),
            step("a5", "role.restore", after={"n": 2}),
        ]
    )
    _, out, _ = trace("--format", "jsonl")
    steps = objects(out)
    assert [(one["path"], one["kind"]) for one in steps[2]["changes"]] == [("n", "added")]
    # What comes back was not made by who brought it back.
    assert steps[4]["changes"] is None


def test_a_change_that_tells_no_state_is_not_laid_at_the_next_ones_door(
    log: AuditLog, trace: Trace
) -> None:
    log.append_many(
        [
            step("a1", "role.create", after={"admin": False}),
            step("a2"),
            step("a3", after={"admin": True}),
            step("a4", after={"admin": True}),
            step("a5", "role.read", after={"admin": False}),
            step("a6", "role.update", before={"admin": True}),
        ]
    )
    _, out, _ = trace("--format", "jsonl")
    changes = [one["changes"] for one in objects(out)]
    assert changes[1:] == [None, None, [], [], None]


def test_the_first_entry_known_is_blamed_for_nothing_unless_it_made_the_resource(
    log: AuditLog, trace: Trace
) -> None:
    log.append(step("a1", after={"admin": True}))
    _, out, _ = trace("--format", "jsonl")
    (only,) = objects(out)
    assert (only["changes"], only["after"]) == (None, {"admin": True})


def test_to_take_on_a_role_is_to_use_it(log: AuditLog, trace: Trace) -> None:
    log.append(step("a1", "sts:AssumeRole", resource="arn:aws:iam::1:role/x"))
    _, out, _ = trace(resource="arn:aws:iam::1:role/x")
    assert " used     sts:AssumeRole by a1" in out


def test_entries_that_may_name_it_elsewhere_are_not_called_complete(
    log: AuditLog, trace: Trace
) -> None:
    log.append(step("a1", "ec2:Run", resource="image/1", details={"resources": ["instance/9"]}))
    code, out, err = trace(resource="instance/9")
    assert (code, out) == (3, "")
    assert "0 entries with this main resource: complete from the beginning to now" in err
    assert "further resource (details.resources) are not indexed" in err
    code, _, err = trace("--main-only", resource="image/1")
    assert code == 0 and "1 entry: complete from the beginning to now" in err


def long_life(log: AuditLog) -> None:
    for _ in range(5):
        log.append_many([step("a", after={"n": 1}) for _ in range(90)])


def test_entries_are_read_together(log: AuditLog, trace: Trace) -> None:
    long_life(log)
    _, out, err = trace("--format", "jsonl")
    cost = float(err.split(" RCU.")[0].rpartition(" ")[2])
    assert len(out.splitlines()) == 450 and cost < 80


def test_the_budget_ends_it_and_says_what_was_not_read(log: AuditLog, trace: Trace) -> None:
    long_life(log)
    code, out, err = trace("--format", "jsonl", "--max-rcu", "20", "--main-only")
    left = [one for one in objects(out) if one["fault"]]
    assert code == 3 and 0 < len(left) < 450
    assert {one["fault"] for one in left} == {"Not read: the budget of 20 RCU is used up."}
    assert all(one["changes"] is None for one in left)
    assert f"{len(left)} of 450 were not read, over budget" in err
    assert "The budget has " in err
    cost = float(err.split(" RCU.")[-2].rpartition(" ")[2])
    assert cost <= 20


def test_a_budget_that_ends_the_list_says_how_far_it_came(log: AuditLog, trace: Trace) -> None:
    long_life(log)
    code, _, err = trace("--max-rcu", "3", "--main-only")
    assert code == 3 and "stopped by the budget" in err


def test_the_plan_is_shown_with_what_reading_the_entries_takes(log: AuditLog, trace: Trace) -> None:
    long_life(log)
    code, out, _ = trace("--explain")
    assert code == 0 and "by-resource" in out
    assert "Then every entry found is read in full: about " in out


def test_a_sweep_keeps_a_budget_too(
    log: AuditLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long_life(log)
    words = ["verify", "--all", "--store", str(tmp_path / "case.db")]
    assert run([*words, "--max-rcu", "1"]) == 3
    err = capsys.readouterr().err
    assert "app/0 was not fully verified: the budget ended it (" in err
    assert "Continue with --chain app/0 --since " in err
    assert run(words) == 0
