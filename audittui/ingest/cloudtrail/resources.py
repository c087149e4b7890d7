"""The resources of a CloudTrail record as ARNs, the main one first.

This module interprets the table in `audittui.ingest.cloudtrail.rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from audittui.ingest.cloudtrail.arn import canonical, names_something, partition_of
from audittui.ingest.cloudtrail.rules import ANY, EC2_KINDS, EC2_PARAMETERS, RULES, Rule, ec2_arn

_EC2_ID = re.compile(r"([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_STEP = re.compile(r"([^.\[\]]+)((?:\[[^\]]*\])*)")
_CONDITION = re.compile(r"\[([^=\]]+)=([^\]]*)\]")
_FIELD = re.compile(r"\{([^}]+)\}")
_REFUSED_ON = re.compile(r" on resource: (?:(arn:\S+)|(role|user|group|policy) (\S+))")
_IAM_ARN = "arn:{partition}:iam::{account}:"
_MAX_DEPTH = 12

_Step = tuple[str, tuple[tuple[str, str], ...]]
_Found = tuple[str, str]
"""A noun and an ARN."""


def resources_of(record: dict[str, Any]) -> list[str]:
    """The ARNs of a record's resources, the main one first, without duplicates.

    Resources whose type is in the event's name come first, in table order; then the others that the
    record names. If it names none, the message of a refusal may.
    """
    service = str(record.get("eventSource") or "").split(".")[0]
    event = str(record.get("eventName") or "")
    view = _view(record, service)
    found: list[_Found] = []
    for rule in (*RULES.get(service, ()), *ANY):
        if rule.events is None or rule.events.search(event):
            found += [(rule.noun, arn) for arn in _found_by(rule, view)]
    if service == "ec2":
        found += _by_identifier(view)
    spoken = _spoken(service, event)
    found.sort(key=lambda one: one[0] not in spoken)
    listed = map(canonical, _values(view, "resources.ARN"))
    arns = dict.fromkeys((*(arn for _, arn in found), *listed))
    named = [arn for arn in arns if names_something(arn)]
    return named or [arn for arn in _refused_on(record, view) if names_something(arn)]


def _view(record: dict[str, Any], service: str) -> dict[str, Any]:
    """The parts of a record under the names that paths and ARNs use."""
    identity = record.get("userIdentity")
    account = record.get("recipientAccountId")
    if not account and isinstance(identity, dict):
        account = identity.get("accountId")
    region = str(record.get("awsRegion") or "")
    known = _text_of(identity, "arn").split(":")
    partition = known[1] if len(known) > 5 and known[1] else partition_of(region)
    request = record.get("requestParameters")
    # A refused event may lack its parameters; then a missing user does not mean the caller.
    lost = record.get("errorCode") and request is None
    return {
        "request": request, "response": record.get("responseElements"),
        "additional": record.get("additionalEventData"),
        "service": record.get("serviceEventDetails"), "identity": None if lost else identity,
        "resources": record.get("resources"),
        "scope": {
            "partition": partition, "service": service, "region": region,
            "account": str(account or ""),
        },
    }  # fmt: skip


def _text_of(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _found_by(rule: Rule, view: dict[str, Any]) -> list[str]:
    """The ARNs that a rule finds, from the first of its paths that yields any."""
    for path in rule.paths:
        values = _values(view, path)
        if values:
            found = [arn for value in values if (arn := _arn(rule, value, view))]
            if found:
                return found
    return []


def _arn(rule: Rule, value: str, view: dict[str, Any]) -> str | None:
    """The ARN of what ``value`` names; None if the rule does not apply to it.

    Only ARNs from the record are made canonical: one built from a name has no path or suffix, at
    most a name that looks as if it had.
    """
    if value.startswith("arn:") and not rule.free:
        return canonical(value)
    if rule.name is not None:
        match = rule.name.fullmatch(value)
        if match is None:
            return None
        value = match.group(1)
    return _filled(rule.arn, value, view) or None


def _filled(template: str, name: str, view: dict[str, Any]) -> str:
    """An ARN with its fields filled in; "" if the record lacks one of them."""
    fields: dict[str, str] = {}
    for field in _FIELD.findall(template):
        if field == "name":
            fields[field] = name
        elif field in view["scope"]:
            fields[field] = view["scope"][field]
        else:
            values = _values(view, field)
            # A field cannot itself be an ARN, such as an access point's in place of a bucket name.
            if len(values) != 1 or values[0].startswith("arn:"):
                return ""
            fields[field] = values[0]
    return _FIELD.sub(lambda match: fields[match.group(1)], template)


@lru_cache(maxsize=1024)
def _spoken(service: str, event: str) -> frozenset[str]:
    """The nouns of a service that occur in an event's name; not "Vpc" in "VpcEndpoint"."""
    nouns = {rule.noun for rule in RULES.get(service, ()) if rule.noun}
    if service == "ec2":
        nouns |= {noun for noun, _ in EC2_KINDS.values()}
    if not nouns:
        return frozenset({""})
    longest_first = "|".join(sorted(map(re.escape, nouns), key=len, reverse=True))
    return frozenset({"", *re.findall(longest_first, event)})


@cache
def _steps(path: str) -> tuple[_Step, ...]:
    return tuple(
        (match.group(1), tuple(_CONDITION.findall(match.group(2))))
        for match in _STEP.finditer(path)
    )


def _values(view: dict[str, Any], path: str) -> list[str]:
    """The texts at a path, except empty ones."""
    found: list[Any] = [view]
    for key, conditions in _steps(path):
        inner: list[Any] = []
        for one in found:
            value = one.get(key) if isinstance(one, dict) else None
            if isinstance(value, list):
                inner += value
            elif value is not None:
                inner.append(value)
        if conditions:
            inner = [one for one in inner if _meets(one, conditions)]
        if not inner:
            return inner
        found = inner
    return [one for one in found if isinstance(one, str) and one]


def _meets(value: Any, conditions: tuple[tuple[str, str], ...]) -> bool:
    return all(isinstance(value, dict) and value.get(key) == want for key, want in conditions)


def _by_identifier(view: dict[str, Any]) -> Iterator[_Found]:
    """EC2 resources, named anywhere by identifiers whose prefix gives their type.

    If a request contains an invalid identifier, such as a guess, the parameter's name gives the
    type.
    """
    request = view["request"]
    for parameter, value in request.items() if isinstance(request, dict) else ():
        if parameter in EC2_PARAMETERS and isinstance(value, str) and value:
            noun, kind = EC2_PARAMETERS[parameter]
            yield noun, _filled(ec2_arn(kind), value, view)
    for part in ("response", "request", "service"):
        for identifier in _identifiers(view[part]):
            prefix = identifier.partition("-")[0]
            if prefix in EC2_KINDS:
                noun, kind = EC2_KINDS[prefix]
                yield noun, _filled(ec2_arn(kind), identifier, view)


def _identifiers(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) < 40 and _EC2_ID.fullmatch(value):
            yield value
    elif depth < _MAX_DEPTH and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _identifiers(inner, depth + 1)


def _refused_on(record: dict[str, Any], view: dict[str, Any]) -> Iterator[str]:
    """The resource that the message of a refusal names ("… is not authorized to perform: …")."""
    message = record.get("errorMessage")
    match = _REFUSED_ON.search(message) if isinstance(message, str) else None
    if match is None or "*" in match.group():
        return
    arn, kind, name = match.groups()
    yield canonical(arn) if arn else _filled(f"{_IAM_ARN}{kind}/{{name}}", name, view)
