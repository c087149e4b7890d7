"""Turns DynamoDB's error responses into sentences: what happened, and what to do about it.

Source: IAM user guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from audittui.aws import errors as aws_errors
from audittui.aws.errors import SERVER_ERROR, Refusal, detail_of, filled, lender_error
from audittui.aws.lenders import lender_of
from audittui.aws.place import Place
from audittui.aws.rules import CLIENT_RULES, Rule
from audittui.errors import StoreError
from audittui.escape import escaped
from audittui.store.dynamodb import rules
from audittui.store.dynamodb.rules import SERVICE_RULES

_ACTION = re.compile(r"perform:? (dynamodb:\w+)", re.ASCII)
_INDEX = re.compile(r":table/[\w.-]+/index/([\w.-]+)", re.ASCII)
_EXPLICIT = re.compile(r"explicit deny in (an? [\w -]+)", re.ASCII)
_NOT_DYNAMODB = re.compile(r"[34]\d\d", re.ASCII)


def service_error(
    code: str, detail: str, operation: str, place: Place, *, index: str = "", request: str = ""
) -> StoreError:
    """The error for a code in the service's response to ``operation``.

    ``index`` is the index that was read, ``request`` the service's id of the request.
    """
    code = code.rpartition("#")[2]
    if lender_of(operation):
        return lender_error(Refusal(code, detail, operation, request), place)
    more = {
        "code": escaped(code), "detail": detail_of(detail), "action": _action(detail, operation),
        "operation": operation, "request": escaped(request),
    }  # fmt: skip
    rule = SERVICE_RULES.get(code)
    if rule is None and SERVER_ERROR.fullmatch(code):
        rule = rules.FAILED
    if rule is None and _NOT_DYNAMODB.fullmatch(code):
        rule = rules.FOREIGN
    if rule is None:
        rule = Rule("other", "DynamoDB answered {operation} with {code}: {detail}", "")
    if rule is rules.DENIED:
        found = _INDEX.search(detail)
        index = found.group(1) if found else index
        explicit = _EXPLICIT.search(detail)
        if explicit:
            where = f"the index {index} of {place.table}" if index else place.table
            more |= {"where": where, "why": explicit.group(1)}
            rule = rules.FORBIDDEN
        elif index:
            more["index"] = index
            rule = rules.DENIED_INDEX
    return filled(rule, place, **more)


def answered(answer: Mapping[str, Any], member: str, place: Place) -> Any:
    """The member ``member``, which every response of the service to the operation has.

    A server that is not DynamoDB may also respond with 200. Raises `StoreError` then, so that
    nothing is mistaken for absent or written.
    """
    if member not in answer:
        raise filled(CLIENT_RULES["ResponseParserError"], place)
    return answer[member]


@contextmanager
def told_plainly(place: Place, index: str = "") -> Iterator[None]:
    """Turn the exceptions of botocore inside the block into `StoreError`.

    ``index`` is the index that is read, if any.
    """

    def of_service(refusal: Refusal) -> StoreError:
        code, detail, operation, request = refusal
        return service_error(code, detail, operation, place, index=index, request=request)

    with aws_errors.told_plainly(place, of_service):
        yield


def _action(detail: str, operation: str) -> str:
    found = _ACTION.search(detail)
    return found.group(1) if found else f"dynamodb:{operation}"
