"""Turns the port's `Query` into the arguments of a Query request.

Every name and value is a placeholder (``#0``, ``:0``): DynamoDB refuses reserved words such as
``time``, and nothing from a log or a person can become part of an expression. Source: DynamoDB
developer guide, "Expressions" and "Key condition expressions".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audittui.store.dynamodb.wire import Tagged, encoded, encoded_item
from audittui.store.port import Condition, Query

MAX_OPERANDS = 100
"""The most operands of one IN."""


class _Placeholders:
    """The names and values of one request, each with its placeholder."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.values: dict[str, Tagged] = {}

    def name(self, attribute: str) -> str:
        return self._names.setdefault(attribute, f"#{len(self._names)}")

    def value(self, value: Any) -> str:
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = encoded(value)
        return placeholder

    @property
    def names(self) -> dict[str, str]:
        return {placeholder: name for name, placeholder in self._names.items()}


def is_empty_range(request: Query) -> bool:
    """True when the sort key's bounds exclude everything; DynamoDB rejects such a request."""
    low, high = request.low, request.high
    return low is not None and high is not None and low > high  # type: ignore[operator]


def _key_condition(request: Query, places: _Placeholders) -> str:
    attribute, partition = request.partition
    condition = f"{places.name(attribute)} = {places.value(partition)}"
    if request.low is None and request.high is None:
        return condition
    sort = places.name(request.sort)
    if request.high is None:
        return f"{condition} AND {sort} >= {places.value(request.low)}"
    if request.low is None:
        return f"{condition} AND {sort} <= {places.value(request.high)}"
    low, high = places.value(request.low), places.value(request.high)
    return f"{condition} AND {sort} BETWEEN {low} AND {high}"


def _is_in(condition: Condition, places: _Placeholders) -> list[str]:
    """One IN for every hundred values."""
    name = places.name(condition.attribute)
    values = list(dict.fromkeys(condition.values))
    return [
        f"{name} IN ({', '.join(map(places.value, values[at : at + MAX_OPERANDS]))})"
        for at in range(0, len(values), MAX_OPERANDS)
    ]


def _filter(condition: Condition, places: _Placeholders) -> str:
    if condition.operator == "not_in" and not condition.values:
        return ""
    name = places.name(condition.attribute)
    chunks = _is_in(condition, places)
    if condition.operator == "in":
        # IN with no values is never true.
        never = f"(attribute_exists({name}) AND attribute_not_exists({name}))"
        if not chunks:
            return never
        return chunks[0] if len(chunks) == 1 else f"({' OR '.join(chunks)})"
    # No more parentheses, because redundant ones are rejected: AND binds tighter than OR.
    others = " AND ".join(f"NOT {chunk}" for chunk in chunks)
    return f"(attribute_not_exists({name}) OR {others})"


def _projection(attributes: Sequence[str], places: _Placeholders) -> str:
    return ", ".join(places.name(attribute) for attribute in dict.fromkeys(attributes))


def query_arguments(request: Query, table: str) -> dict[str, Any]:
    """The arguments of the Query request for one page of ``table``."""
    places = _Placeholders()
    arguments: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": _key_condition(request, places),
        "ScanIndexForward": request.forward,
        "ReturnConsumedCapacity": "INDEXES",
    }
    filters = [text for text in (_filter(one, places) for one in request.filters) if text]
    if filters:
        arguments["FilterExpression"] = " AND ".join(filters)
    if request.count:
        arguments["Select"] = "COUNT"
    elif request.attributes:
        arguments["ProjectionExpression"] = _projection(request.attributes, places)
    arguments["ExpressionAttributeNames"] = places.names
    arguments["ExpressionAttributeValues"] = places.values
    if request.index:
        arguments["IndexName"] = request.index
    if request.consistent:
        arguments["ConsistentRead"] = True
    if request.limit is not None:
        arguments["Limit"] = request.limit
    if request.start_key is not None:
        arguments["ExclusiveStartKey"] = encoded_item(request.start_key)
    return arguments
