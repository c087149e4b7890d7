"""The deadline of a whole answer: it is in force, and never in the way."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import awsrequest

from audittui.aws.deadline import bound_answers


def client() -> Any:
    return boto3.client(
        "dynamodb", region_name="eu-west-1", endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="x", aws_secret_access_key="y",
    )  # fmt: skip


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://127.0.0.1:1"])
def test_this_botocore_reads_answers_by_a_deadline(url: str) -> None:
    made = client()
    assert bound_answers(made)
    connection = made._endpoint.http_session._manager.connection_from_url(url)._new_conn()
    assert connection.response_class.__name__ == "_BoundedResponse"
    proxied = made._endpoint.http_session._pool_classes_by_scheme
    assert proxied[url.partition(":")[0]].ConnectionCls.response_class is connection.response_class


@pytest.mark.parametrize(
    "missing", ["_endpoint", "http_session", "_manager", "_pool_classes_by_scheme"]
)
def test_another_botocore_goes_without(missing: str) -> None:
    made: Any = client()
    session = made._endpoint.http_session
    pools = session._manager.pool_classes_by_scheme
    owner = {"_endpoint": made, "http_session": made._endpoint}.get(missing, session)
    delattr(owner, missing)
    assert not bound_answers(made)
    assert pools["https"] is awsrequest.AWSHTTPSConnectionPool
    if missing not in ("_manager", "_pool_classes_by_scheme"):
        assert session._manager.pool_classes_by_scheme is pools


def test_a_botocore_with_other_connections_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    made = client()
    monkeypatch.delattr(awsrequest, "AWSHTTPSConnectionPool")
    assert not bound_answers(made)
