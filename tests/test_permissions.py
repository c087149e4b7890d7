"""The IAM policies that are shown: valid, whole, and just what the code needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from audittui.entry import Draft
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.tlog.keys import new_signer_key
from audittui.layout import load_layout
from audittui.layout.row import Item
from audittui.store.dynamodb.client import DESCRIBE_OPERATIONS, READ_OPERATIONS
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
POLICIES: dict[str, Any] = {
    name: json.loads(text)
    for name, text in re.findall(r"```json (\w+)\n(.*?)```", DOCUMENT, re.DOTALL)
}
CHANGES = re.compile(r"^(Put|Update|Delete|BatchWrite|Execute|BatchExecute|Create|Restore|Import)")
HARMLESS = {
    # They make other tables, backups or exports, or only spend or tell; the log stays.
    "CreateBackup", "CreateGlobalTable", "CreateTable", "ImportTable", "RestoreTableFromBackup",
    "RestoreTableToPointInTime", "UpdateContributorInsights", "UpdateTableReplicaAutoScaling",
    "UpdateKinesisStreamingDestination",
    # Needed: the one way to write.
    "PutItem",
    # Not actions: PartiQL's own ones stand for them.
    "ExecuteStatement", "ExecuteTransaction", "BatchExecuteStatement",
}  # fmt: skip


def statements(name: str) -> Iterator[dict[str, Any]]:
    yield from POLICIES[name]["Statement"]


def actions(name: str) -> set[str]:
    found: set[str] = set()
    for statement in statements(name):
        given = statement["Action"]
        found |= {given} if isinstance(given, str) else set(given)
    return found


def operations(service: str) -> dict[str, str]:
    """The operations of a service by botocore's name of their methods."""
    model = botocore.session.Session().get_service_model(service)
    return {botocore.xform_name(name): name for name in model.operation_names}


@pytest.mark.parametrize("name", ["reader", "writer", "sealer", "maker", "deny"])
def test_a_policy_is_one(name: str) -> None:
    assert POLICIES[name]["Version"] == "2012-10-17"
    known = {f"dynamodb:{one}" for one in operations("dynamodb").values()}
    known |= {f"kms:{one}" for one in operations("kms").values()}
    known |= {f"dynamodb:PartiQL{one}" for one in ("Insert", "Update", "Delete", "Select")}
    known |= {"dynamodb:CreateTableReplica", "dynamodb:DeleteTableReplica"}
    assert actions(name) <= known
    for statement in statements(name):
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == ("Deny" if name == "deny" else "Allow")
        given = statement["Resource"]
        for resource in [given] if isinstance(given, str) else given:
            assert re.fullmatch(r"arn:aws:(dynamodb|kms):[\w*-]*:\d{12}:[\w*/-]+", resource)


def test_all_that_the_code_sends_is_in_the_documents_and_nothing_else() -> None:
    sent: set[str] = set()
    for service, paths in (
        ("dynamodb", sorted((ROOT / "audittui" / "store" / "dynamodb").glob("*.py"))),
        ("kms", [ROOT / "audittui" / "aws" / "kms.py"]),
    ):
        methods = operations(service)
        for path in paths:
            for method in re.findall(r"client\.(\w+)\(", path.read_text(encoding="utf-8")):
                if method in methods:
                    sent.add(f"{service}:{methods[method]}")
    # A transaction has no action of its own: that of its puts counts.
    assert "dynamodb:TransactWriteItems" in sent
    sent.remove("dynamodb:TransactWriteItems")
    allowed = {one for name in POLICIES if name != "deny" for one in actions(name)}
    assert sent == allowed


def test_readers_and_describers_need_what_their_clients_send() -> None:
    assert actions("reader") == {f"dynamodb:{one}" for one in READ_OPERATIONS}
    assert actions("maker") >= {f"dynamodb:{one}" for one in DESCRIBE_OPERATIONS}


def test_the_deny_leaves_no_other_way_to_change_the_log() -> None:
    changing = {one for one in operations("dynamodb").values() if CHANGES.match(one)}
    denied = {one.partition(":")[2] for one in actions("deny")}
    assert changing - HARMLESS <= denied
    needed = {one for name in ("reader", "writer", "sealer") for one in actions(name)}
    assert not needed & actions("deny")


class Recording(SqliteStore):
    """Remembers the partition keys that are put."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        super().__init__(":memory:", load_layout("native"), create=True)

    def put_new(self, item: Item) -> None:
        self.keys.add(str(item["pk"]))
        super().put_new(item)

    def put_new_many(self, items: Sequence[Item]) -> None:
        self.keys |= {str(item["pk"]) for item in items}
        super().put_new_many(items)


def patterns(name: str) -> list[str]:
    (found,) = (one["Condition"] for one in statements(name) if "Condition" in one)
    assert found["Null"] == {"dynamodb:LeadingKeys": "false"}
    keys: list[str] = found["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    return keys


def allows(name: str, key: str) -> bool:
    return any(fnmatchcase(key, pattern) for pattern in patterns(name))


def test_a_writer_and_a_sealer_are_held_to_the_keys_that_they_put_and_not_to_each_others() -> None:
    store = Recording()
    log = AuditLog(store, "payments/0", retention=86_400)
    log.append(Draft(actor="a", action="b", resource="c", idempotency_key="k"))
    log.append_many([Draft(actor="a", action="b", idempotency_key=str(at)) for at in range(300)])
    written = set(store.keys)
    store.keys.clear()
    Sealer(store, load_layout("native"), "payments/0", new_signer_key("audit.example.com")).seal()
    sealed = set(store.keys)
    store.close()
    assert written and sealed
    assert all(allows("writer", key) and not allows("sealer", key) for key in written)
    assert all(allows("sealer", key) and not allows("writer", key) for key in sealed)
