"""What is sent to DynamoDB for a query: placeholders, never words of a log or a person."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from audittui.store.dynamodb.request import query_arguments
from audittui.store.dynamodb.wire import decoded_item
from audittui.store.port import Condition, Query

WORDS = "AND OR NOT IN BETWEEN attribute_exists attribute_not_exists"
TOKEN = re.compile(rf"#\d+|:\d+|{'|'.join(WORDS.split())}|[(),=]|>=|<=|\s+")

names = st.sampled_from(["time", "bucket", "resource", "a) OR (b", "pk", "sk", "#0", ":0", "x y"])
texts = st.text(max_size=8) | st.sampled_from([":0", "#0", ") OR attribute_exists(pk) --"])
bounds = st.none() | texts | st.integers(-5, 5)
conditions = st.builds(
    Condition,
    attribute=names,
    operator=st.sampled_from(["in", "not_in"]),
    values=st.lists(texts, max_size=4).map(tuple)
    | st.integers(99, 250).map(lambda count: tuple(map(str, range(count)))),
)
queries = st.builds(
    Query,
    index=st.sampled_from(["", "by-time"]),
    partition=st.tuples(names, texts | st.integers()),
    sort=names,
    low=bounds,
    high=bounds,
    forward=st.booleans(),
    filters=st.lists(conditions, max_size=3).map(tuple),
    attributes=st.lists(names, max_size=4).map(tuple),
    limit=st.none() | st.integers(1, 9),
    consistent=st.booleans(),
)


def expressions(arguments: dict[str, Any]) -> str:
    return " ".join(text for name, text in arguments.items() if name.endswith("Expression"))


@given(queries)
def test_expressions_hold_nothing_but_placeholders_and_dynamodbs_own_words(request: Query) -> None:
    assert TOKEN.sub("", expressions(query_arguments(request, "audit-log"))) == ""


@given(queries)
def test_every_placeholder_is_used_and_every_used_one_is_defined(request: Query) -> None:
    # DynamoDB refuses a request with either fault.
    arguments = query_arguments(request, "audit-log")
    used = set(re.findall(r"[#:]\d+", expressions(arguments)))
    defined = {*arguments["ExpressionAttributeNames"], *arguments["ExpressionAttributeValues"]}
    assert used == defined


@given(queries)
def test_every_value_reaches_the_service_as_it_is(request: Query) -> None:
    arguments = query_arguments(request, "audit-log")
    values = list(decoded_item(arguments["ExpressionAttributeValues"]).values())
    wanted = [request.partition[1], request.low, request.high]
    wanted += [value for one in request.filters for value in one.values]
    assert all(value in values for value in wanted if value is not None)
    assert all(value in wanted for value in values)


@given(queries)
def test_an_in_takes_at_most_a_hundred_values(request: Query) -> None:
    text = expressions(query_arguments(request, "audit-log"))
    for operands in re.findall(r"IN \(([^()]*)\)", text):
        assert 1 <= len(operands.split(",")) <= 100


def test_no_more_is_sent_than_was_asked_for() -> None:
    request = Query(index="", partition=("pk", "p"), sort="sk")
    assert query_arguments(request, "audit-log") == {
        "TableName": "audit-log",
        "KeyConditionExpression": "#0 = :0",
        "ExpressionAttributeNames": {"#0": "pk"},
        "ExpressionAttributeValues": {":0": {"S": "p"}},
        "ScanIndexForward": True,
        "ReturnConsumedCapacity": "INDEXES",
    }


def test_a_count_asks_for_no_items() -> None:
    request = Query(index="", partition=("pk", "p"), sort="sk", attributes=("sk",), count=True)
    arguments = query_arguments(request, "audit-log")
    assert arguments["Select"] == "COUNT"
    assert "ProjectionExpression" not in arguments
    assert arguments["ExpressionAttributeNames"] == {"#0": "pk"}


def test_the_aws_client_is_not_loaded_before_a_table_is_opened() -> None:
    program = (
        "import sys, audittui.store.dynamodb; "
        "sys.exit(any(name.split('.')[0] in ('boto3', 'botocore') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
