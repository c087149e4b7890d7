"""Creating a table, saying what an existing one lacks, and describing it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from audittui.aws.place import Place
from audittui.errors import StoreError, UsageError
from audittui.layout import load_layout
from audittui.store.dynamodb import admin, create_table, describe_table, open_table, report
from audittui.store.dynamodb.admin import table_definition

NATIVE, TELEPORT = load_layout("native"), load_layout("teleport")
TABLE = "audit-log"
REGION = "eu-west-1"
SCHEMA = table_definition(TABLE, NATIVE, [one for one in NATIVE.indexes if one.name])


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A service that answers what a test tells it to, and time that does not pass."""
    client = boto3.client("dynamodb", region_name=REGION)
    place = Place(TABLE, REGION, "https://dynamodb.eu-west-1.amazonaws.com", None)
    for module in (admin, report):
        monkeypatch.setattr(module, "make_client", lambda *_, **__: (client, place))
    monkeypatch.setattr(admin.time, "sleep", lambda _: None)
    with Stubber(client) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()


def described(**more: Any) -> dict[str, Any]:
    """What DescribeTable says of a table as audittui creates it, with some of it changed."""
    table = {
        "TableName": TABLE,
        "TableStatus": "ACTIVE",
        "KeySchema": SCHEMA["KeySchema"],
        "AttributeDefinitions": SCHEMA["AttributeDefinitions"],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "DeletionProtectionEnabled": True,
        "ItemCount": 7,
        "TableSizeBytes": 7000,
        "GlobalSecondaryIndexes": [
            {**index, "IndexStatus": "ACTIVE", "ItemCount": 3, "IndexSizeBytes": 300}
            for index in SCHEMA["GlobalSecondaryIndexes"]
        ],
        **more,
    }
    return {"Table": table}


def says_missing(stubber: Stubber) -> None:
    stubber.add_client_error("describe_table", "ResourceNotFoundException", "no", 400)


def says_table(
    stubber: Stubber, *, ttl: str = "ENABLED", recovery: str = "ENABLED", **more: Any
) -> None:
    stubber.add_response("describe_table", described(**more))
    attribute = {"AttributeName": "expires_at"} if ttl == "ENABLED" else {}
    stubber.add_response(
        "describe_time_to_live", {"TimeToLiveDescription": {"TimeToLiveStatus": ttl, **attribute}}
    )
    stubber.add_response(
        "describe_continuous_backups",
        {
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": recovery},
            }
        },
    )


def says_time_to_live_on(stubber: Stubber) -> None:
    specification = {"Enabled": True, "AttributeName": "expires_at"}
    stubber.add_response(
        "update_time_to_live",
        {"TimeToLiveSpecification": specification},
        {"TableName": TABLE, "TimeToLiveSpecification": specification},
    )


def says_recovery_on(stubber: Stubber) -> None:
    stubber.add_response(
        "update_continuous_backups",
        {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}},
        {
            "TableName": TABLE,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    )


def creating(stubber: Stubber) -> None:
    """The service until the new table is active."""
    says_missing(stubber)
    stubber.add_response("create_table", {"TableDescription": {"TableName": TABLE}}, SCHEMA)
    says_missing(stubber)
    stubber.add_response("describe_table", described(TableStatus="CREATING"))
    stubber.add_response("describe_table", described())


def test_a_table_is_created_whole(stubbed: Stubber) -> None:
    creating(stubbed)
    says_time_to_live_on(stubbed)
    says_recovery_on(stubbed)
    steps: list[str] = []
    told = create_table(TABLE, NATIVE, region=REGION, progress=steps.append)
    assert told == [
        "Created audit-log (eu-west-1): on-demand, deletion protection on, indexes: "
        "by-time, by-failure, by-actor, by-resource, by-request, by-action.",
        "Time to live: on, for expires_at.",
        "Point-in-time recovery: on.",
    ]
    assert len(steps) == 3


def test_the_definition_is_on_demand_protected_and_projects_no_body() -> None:
    assert SCHEMA["BillingMode"] == "PAY_PER_REQUEST"
    assert SCHEMA["DeletionProtectionEnabled"] is True
    assert SCHEMA["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    projections = {
        index["IndexName"]: set(index["Projection"]["NonKeyAttributes"])
        for index in SCHEMA["GlobalSecondaryIndexes"]
    }
    assert set(projections) == {one.name for one in NATIVE.indexes}
    columns = {
        "time", "actor", "action", "resource", "outcome", "request_id", "severity", "source_ip",
        "reason", "hash",
    }  # fmt: skip
    keys = {one.name: {one.partition.attribute, one.sort.attribute} for one in NATIVE.indexes}
    for name, held in projections.items():
        assert held == columns - keys[name]
    # DynamoDB takes at most 100 projected attributes over all indexes of a table.
    assert sum(map(len, projections.values())) <= 100


def test_indexes_are_left_out_on_demand() -> None:
    kept = admin.chosen_indexes(NATIVE, frozenset({"by-action", "by-resource"}))
    definition = table_definition(TABLE, NATIVE, kept)
    names = {index["IndexName"] for index in definition["GlobalSecondaryIndexes"]}
    assert names == {"by-time", "by-failure", "by-actor", "by-request"}
    defined = {one["AttributeName"] for one in definition["AttributeDefinitions"]}
    assert not {"action", "resource"} & defined


def test_a_definition_without_indexes_has_none() -> None:
    every = frozenset(one.name for one in NATIVE.indexes)
    definition = table_definition(TABLE, NATIVE, admin.chosen_indexes(NATIVE, every))
    assert "GlobalSecondaryIndexes" not in definition
    assert {one["AttributeName"] for one in definition["AttributeDefinitions"]} == {"pk", "sk"}


def test_recovery_that_is_not_ready_yet_is_asked_for_again(stubbed: Stubber) -> None:
    creating(stubbed)
    says_time_to_live_on(stubbed)
    stubbed.add_client_error(
        "update_continuous_backups", "ContinuousBackupsUnavailableException", "soon", 400
    )
    says_recovery_on(stubbed)
    assert create_table(TABLE, NATIVE, region=REGION)[-1] == "Point-in-time recovery: on."


def test_a_setting_that_is_denied_is_said_with_the_command_that_sets_it(stubbed: Stubber) -> None:
    creating(stubbed)
    stubbed.add_client_error("update_time_to_live", "AccessDeniedException", "no", 400)
    says_recovery_on(stubbed)
    told = create_table(TABLE, NATIVE, region=REGION)
    assert told[1].startswith("Time to live: off. These credentials may not call")
    assert "dynamodb:UpdateTimeToLive" in told[1]
    assert told[1].endswith(
        "aws dynamodb update-time-to-live --table-name audit-log --time-to-live-specification "
        "Enabled=true,AttributeName=expires_at --region eu-west-1"
    )
    assert told[2] == "Point-in-time recovery: on."


def test_a_table_that_does_not_become_active_in_time_is_said(
    stubbed: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    says_missing(stubbed)
    stubbed.add_response("create_table", {"TableDescription": {"TableName": TABLE}})
    stubbed.add_response("describe_table", described(TableStatus="CREATING"))
    monkeypatch.setattr(admin, "_SHORT_WAIT", -1)
    told = create_table(TABLE, NATIVE, region=REGION)
    assert "still being created" in told[1]
    assert "update-time-to-live" in told[1]
    assert "update-continuous-backups" in told[1]


def test_a_table_that_agrees_is_left_alone(stubbed: Stubber) -> None:
    says_table(stubbed)
    assert create_table(TABLE, NATIVE, region=REGION) == [
        "audit-log (eu-west-1) exists and matches the layout native."
    ]


def test_what_an_interrupted_first_run_left_off_is_said_with_the_commands(
    stubbed: Stubber,
) -> None:
    says_table(stubbed, ttl="DISABLED", recovery="DISABLED", DeletionProtectionEnabled=False)
    told = create_table(TABLE, NATIVE, region=REGION, aws_profile="ops")
    assert told[:4] == [
        "audit-log (eu-west-1) exists; nothing was changed. It differs:",
        "Time to live: off.",
        "Point-in-time recovery: off.",
        "Deletion protection: off.",
    ]
    tail = "--region eu-west-1 --profile ops"
    assert told[4:] == [
        "Enable it with: aws dynamodb update-time-to-live --table-name audit-log "
        f"--time-to-live-specification Enabled=true,AttributeName=expires_at {tail}",
        "Enable it with: aws dynamodb update-continuous-backups --table-name audit-log "
        f"--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true {tail}",
        "Enable it with: aws dynamodb update-table --table-name audit-log "
        f"--deletion-protection-enabled {tail}",
    ]


def changed_index(**more: Any) -> list[dict[str, Any]]:
    first, *others = described()["Table"]["GlobalSecondaryIndexes"]
    return [{**first, **more}, *others]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"BillingModeSummary": {"BillingMode": "PROVISIONED"}},
         "The billing is provisioned, not on-demand."),
        ({"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]},
         "The partition key of the table is id (S); the layout's is pk (S)."),
        ({"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]},
         "The sort key of the table is none; the layout's is sk (S)."),
        ({"GlobalSecondaryIndexes": described()["Table"]["GlobalSecondaryIndexes"][1:]},
         "The index by-time is missing."),
        ({"GlobalSecondaryIndexes": [
            *described()["Table"]["GlobalSecondaryIndexes"],
            {**changed_index()[0], "IndexName": "by-colour"}]},
         "The index by-colour is not in the layout."),
        ({"GlobalSecondaryIndexes": changed_index(Projection={"ProjectionType": "ALL"})},
         "The index by-time projects every attribute, the layout's fewer (it costs more)."),
        ({"GlobalSecondaryIndexes": changed_index(Projection={
            "ProjectionType": "INCLUDE", "NonKeyAttributes": ["body", "hash"]})},
         "The index by-time lacks action, actor, outcome, reason, request_id, resource, "
         "severity, source_ip."),
        ({"GlobalSecondaryIndexes": changed_index(Projection={"ProjectionType": "KEYS_ONLY"})},
         "The index by-time lacks action, actor, hash, outcome, reason, request_id, resource, "
         "severity, source_ip."),
        ({"GlobalSecondaryIndexes": changed_index(IndexStatus="CREATING")},
         "The index by-time is creating."),
        ({"GlobalSecondaryIndexes": changed_index(
            KeySchema=[{"AttributeName": "actor", "KeyType": "HASH"},
                       {"AttributeName": "time", "KeyType": "RANGE"}])},
         "The partition key of the index by-time is actor (S); the layout's is bucket (S)."),
    ],
)  # fmt: skip
def test_every_difference_is_said(stubbed: Stubber, changes: dict[str, Any], expected: str) -> None:
    says_table(stubbed, **changes)
    told = create_table(TABLE, NATIVE, region=REGION)
    assert told[0].endswith("exists; nothing was changed. It differs:")
    assert expected in told[1:]


def test_an_index_left_out_is_no_difference_and_one_that_exists_is(stubbed: Stubber) -> None:
    says_table(stubbed, GlobalSecondaryIndexes=described()["Table"]["GlobalSecondaryIndexes"][1:])
    told = create_table(TABLE, NATIVE, region=REGION, without=frozenset({"by-time", "by-actor"}))
    assert told[1:] == ["The index by-actor exists, although it was to be left out."]


def test_another_run_that_was_faster_is_no_error(stubbed: Stubber) -> None:
    says_missing(stubbed)
    stubbed.add_client_error("create_table", "ResourceInUseException", "exists", 400)
    says_table(stubbed)
    assert "exists and matches" in create_table(TABLE, NATIVE, region=REGION)[0]


def test_a_limit_of_the_service_is_not_taken_for_an_existing_table(stubbed: Stubber) -> None:
    says_missing(stubbed)
    stubbed.add_client_error("create_table", "LimitExceededException", "too many", 400)
    says_missing(stubbed)
    with pytest.raises(StoreError) as failed:
        create_table(TABLE, NATIVE, region=REGION)
    assert failed.value.kind == "throttled"


def test_a_creation_that_is_denied_names_the_action(stubbed: Stubber) -> None:
    says_missing(stubbed)
    stubbed.add_client_error("create_table", "AccessDeniedException", "no", 400)
    with pytest.raises(StoreError) as failed:
        create_table(TABLE, NATIVE, region=REGION)
    assert failed.value.kind == "permission"
    assert "dynamodb:CreateTable" in failed.value.hint


def test_what_may_not_be_seen_is_said_so(stubbed: Stubber) -> None:
    stubbed.add_response("describe_table", described())
    for operation in ("describe_time_to_live", "describe_continuous_backups"):
        stubbed.add_client_error(operation, "AccessDeniedException", "no", 400)
    found = describe_table(TABLE, NATIVE, region=REGION)
    assert found.time_to_live == found.point_in_time_recovery == "not allowed to see"
    assert found.differences == (
        "Time to live: not allowed to see.",
        "Point-in-time recovery: not allowed to see.",
    )


def test_a_table_is_described(stubbed: Stubber) -> None:
    says_table(stubbed)
    found = describe_table(TABLE, NATIVE, region=REGION)
    assert (found.place, found.status) == ("audit-log (eu-west-1)", "ACTIVE")
    assert (found.item_count, found.size_bytes, found.billing) == (7, 7000, "on-demand")
    assert (found.time_to_live, found.expires_attribute) == ("on", "expires_at")
    assert found.point_in_time_recovery == found.deletion_protection == "on"
    assert found.differences == ()
    actor = next(index for index in found.indexes if index.name == "by-actor")
    assert (actor.partition.attribute, actor.sort and actor.sort.attribute) == ("actor", "time")
    assert (actor.item_count, actor.size_bytes, actor.status) == (3, 300, "ACTIVE")
    assert "hash" in actor.projection
    assert "body" not in actor.projection


def test_a_missing_table_cannot_be_described(stubbed: Stubber) -> None:
    says_missing(stubbed)
    with pytest.raises(StoreError) as failed:
        describe_table(TABLE, NATIVE, region=REGION)
    assert failed.value.kind == "missing_table"


def test_settings_of_a_table_that_others_write_are_not_compared(stubbed: Stubber) -> None:
    says_table(stubbed, ttl="DISABLED", recovery="DISABLED", DeletionProtectionEnabled=False)
    found = describe_table(TABLE, TELEPORT, region=REGION)
    assert any("SessionID" in sentence for sentence in found.differences)
    assert not any("off" in sentence for sentence in found.differences)


def test_only_a_layout_that_audittui_writes_is_created() -> None:
    with pytest.raises(UsageError) as refused:
        create_table(TABLE, TELEPORT, region=REGION)
    assert "teleport" in refused.value.message


def test_an_unknown_index_cannot_be_left_out() -> None:
    with pytest.raises(UsageError) as refused:
        create_table(TABLE, NATIVE, region=REGION, without=frozenset({"by-colour"}))
    assert "'by-colour'" in refused.value.message
    assert "by-actor" in refused.value.hint


def test_a_table_on_moto_is_created_once_and_agrees_afterwards() -> None:
    with mock_aws():
        told = create_table(TABLE, NATIVE, region=REGION, wait=True)
        assert told[1:] == ["Time to live: on, for expires_at.", "Point-in-time recovery: on."]
        again = create_table(TABLE, NATIVE, region=REGION)
        assert again == ["audit-log (eu-west-1) exists and matches the layout native."]
        open_table(TABLE, NATIVE, region=REGION).put_new({"pk": "p", "sk": "s"})


@pytest.mark.dynamodb_local
@pytest.mark.usefixtures("local_client")
def test_a_table_on_dynamodb_local_lacks_point_in_time_recovery_only() -> None:
    where = {"region": REGION, "endpoint_url": os.environ["AUDITTUI_TEST_ENDPOINT"]}
    name = f"created-{uuid.uuid4().hex}"
    without = frozenset({"by-action"})
    told = create_table(name, NATIVE, without=without, wait=True, **where)
    assert told[1:] == [
        "Time to live: on, for expires_at.",
        "Point-in-time recovery: not offered here.",
    ]
    again = create_table(name, NATIVE, without=without, **where)
    assert again[0].endswith("exists and matches the layout native.")
    assert again[1:] == ["Point-in-time recovery: not offered here."]
    found = describe_table(name, NATIVE, **where)
    assert found.point_in_time_recovery == "not offered here"
    assert found.differences == ("The index by-action is missing.",)
