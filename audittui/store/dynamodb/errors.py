"""From the service's exceptions to sentences: what happened, and what to do about it.

Sources: DynamoDB developer guide, "Error handling with DynamoDB"; IAM, "Common errors";
botocore.exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from audittui.errors import StoreError
from audittui.escape import escaped, shortened
from audittui.store.dynamodb.credentials import AGAIN, Source, login

_ACTION = re.compile(r"perform:? (dynamodb:\w+)", re.ASCII)
_AWS_HOST = re.compile(r"\.(amazonaws\.com(\.cn)?|api\.aws)(:\d+)?$", re.ASCII)
# What botocore makes of an answer that says nothing but its HTTP status.
_SERVER_ERROR = re.compile(r"5\d\d", re.ASCII)
_NOT_DYNAMODB = re.compile(r"[34]\d\d", re.ASCII)
_UNTRUSTED_TEXT = "CERTIFICATE_VERIFY_FAILED"
_DETAIL_CHARACTERS = 300


class Place(NamedTuple):
    """What errors name: the table, and how it was reached.

    ``credentials`` is where they come from, None where none are known; ``region_from`` and
    ``profile_from`` say where AWS's own settings named what nobody gave.
    """

    table: str
    region: str
    endpoint: str
    aws_profile: str | None = None
    credentials: Source | None = None
    region_from: str = ""
    profile_from: str = ""

    @property
    def label(self) -> str:
        """The table and its region, and the endpoint's host where it is not AWS's own."""
        host = urlsplit(self.endpoint).netloc
        if not host or _AWS_HOST.search(host):
            return f"{self.table} ({self.region})"
        return f"{self.table} ({self.region}, {host})"

    @property
    def tried(self) -> tuple[tuple[str, str], ...]:
        """What was tried, line by line: a name and its value, harmless and without a secret."""
        profile = self.aws_profile or "default"
        lines = (
            ("credentials", self.credentials.text if self.credentials else "none found"),
            ("AWS profile", profile + (f", {self.profile_from}" if self.profile_from else "")),
            ("region", self.region + (f", {self.region_from}" if self.region_from else "")),
            ("endpoint", self.endpoint or (f"AWS's own in {self.region}" if self.region else "")),
        )
        return tuple((name, escaped(value) or "none") for name, value in lines)


class CredentialsExpiredError(StoreError):
    """The credentials were good once: fresh ones may lie where these came from."""


class _Rule(NamedTuple):
    """One row of the table: the kind, the sentence and the advice, as format strings."""

    kind: str
    message: str
    hint: str


_WRONG_KEYS = _Rule(
    "credentials",
    "AWS does not accept the credentials{source}: {code}.",
    "Check AWS_PROFILE, AWS_ACCESS_KEY_ID and --aws-profile, and the clock of this machine.",
)
_EXPIRED = _Rule("credentials", "The AWS credentials{source} have expired.", "{renewal}")
_DENIED = _Rule(
    "permission",
    "These credentials may not call {action} on {table} ({region}).",
    "Ask for the IAM action {action} on the table and on its indexes (…/index/*).",
)
_THROTTLED = _Rule(
    "throttled",
    "{table} ({region}) is throttling: it is asked for more than its capacity.",
    "Wait a moment and try again, or ask for less at a time.",
)
_FAILED = _Rule(
    "network",
    "DynamoDB in {region} failed to answer ({code}).",
    "Try again in a moment; see the AWS Health Dashboard if it goes on.",
)
_FOREIGN = _Rule(
    "other",
    "{endpoint} answered {operation} with the HTTP status {code}, not as DynamoDB does.",
    "Check --endpoint-url, HTTPS_PROXY, and whether a proxy stands in the way.",
)
_INVALID = _Rule("invalid", "DynamoDB refused the request: {detail}", "")
_NO_ANSWER = _Rule(
    "network",
    "{endpoint} cannot be reached.",
    "Check the network, the proxy, --region and --endpoint-url.",
)
_SLOW = _Rule(
    "network",
    "{endpoint} did not answer in time.",
    "Check the network and try again.",
)
_UNTRUSTED = _Rule(
    "other",
    "{endpoint} does not show a certificate that this machine trusts.",
    "Check --endpoint-url and AWS_CA_BUNDLE.",
)

SERVICE_RULES: dict[str, _Rule] = {
    "ResourceNotFoundException": _Rule(
        "missing_table",
        "There is no table {table} in {region}.",
        "Check --table, --region and --endpoint-url, or make it with audittui table create.",
    ),
    "TableNotFoundException": _Rule(
        "missing_table", "There is no table {table} in {region}.", "Check --table and --region."
    ),
    "ResourceInUseException": _Rule(
        "throttled",
        "{table} ({region}) is being created or changed.",
        "Wait until it is active: aws dynamodb wait table-exists --table-name {table}.",
    ),
    "AccessDeniedException": _DENIED,
    "AccessDenied": _DENIED,
    "KMSAccessDeniedException": _Rule(
        "permission",
        "These credentials may not use the KMS key that encrypts {table}.",
        "Ask for kms:Decrypt on the key.",
    ),
    "ExpiredTokenException": _EXPIRED,
    "ExpiredToken": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "UnrecognizedClientException": _WRONG_KEYS,
    "InvalidSignatureException": _WRONG_KEYS,
    "InvalidClientTokenId": _WRONG_KEYS,
    "IncompleteSignatureException": _WRONG_KEYS,
    "IncompleteSignature": _WRONG_KEYS,
    "MissingAuthenticationTokenException": _WRONG_KEYS,
    "MissingAuthenticationToken": _WRONG_KEYS,
    "SignatureDoesNotMatch": _WRONG_KEYS,
    "AuthFailure": _WRONG_KEYS,
    "OptInRequired": _WRONG_KEYS,
    "ProvisionedThroughputExceededException": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "Throttling": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "LimitExceededException": _THROTTLED,
    "TransactionConflictException": _Rule(
        "throttled", "Another writer is at work on the same item of {table}.", "Try again."
    ),
    "InternalServerError": _FAILED,
    "InternalFailure": _FAILED,
    "ServiceUnavailable": _FAILED,
    "ValidationException": _INVALID,
    "ValidationError": _INVALID,
    "SerializationException": _INVALID,
    "ItemCollectionSizeLimitExceededException": _INVALID,
    "IdempotentParameterMismatchException": _INVALID,
    "UnknownOperationException": _Rule(
        "other", "{endpoint} does not know this operation.", "Check --endpoint-url."
    ),
}
"""The service's error codes. Those it lacks become a sentence with the code and its text."""

CLIENT_RULES: dict[str, _Rule] = {
    "NoRegionError": _Rule(
        "invalid",
        "No AWS region is set.",
        "Give --region NAME, set AWS_REGION, or set a region in your AWS profile.",
    ),
    "InvalidRegionError": _Rule(
        "invalid", "The region {region!r} is not one.", "Give --region, such as eu-west-1."
    ),
    "ProfileNotFound": _Rule(
        "credentials",
        "There is no AWS profile {profile!r} on this machine.",
        "See aws configure list-profiles, and check --aws-profile and AWS_PROFILE.",
    ),
    "NoCredentialsError": _Rule(
        "credentials",
        "No AWS credentials are found.",
        "Log in ({login}), or set AWS_PROFILE or AWS_ACCESS_KEY_ID.",
    ),
    "PartialCredentialsError": _Rule(
        "credentials", "The AWS credentials are incomplete: {detail}", "Set both halves of the key."
    ),
    "CredentialRetrievalError": _Rule(
        "credentials", "The AWS credentials cannot be fetched: {detail}", "Log in: {login}."
    ),
    "MetadataRetrievalError": _Rule(
        "credentials", "The AWS credentials cannot be fetched: {detail}", "Log in: {login}."
    ),
    "LoginRefreshRequired": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
    "SSOError": _EXPIRED,
    "ConfigParseError": _Rule(
        "credentials", "The AWS configuration cannot be read: {detail}", "Correct ~/.aws/config."
    ),
    "ConfigNotFound": _Rule(
        "credentials", "The AWS configuration cannot be read: {detail}", "Check AWS_CONFIG_FILE."
    ),
    "ConnectionError": _NO_ANSWER,
    "ReadTimeoutError": _SLOW,
    "SSLError": _UNTRUSTED,
    "ProxyConnectionError": _Rule(
        "network", "The proxy to {endpoint} cannot be reached.", "Check HTTPS_PROXY."
    ),
    "HTTPClientError": _NO_ANSWER,
    "ResponseParserError": _Rule(
        "other",
        "{endpoint} does not answer like DynamoDB.",
        "Check --endpoint-url, and whether a proxy's login page stands in the way.",
    ),
    "ParamValidationError": _INVALID,
}
"""The client's own exceptions, by class name; a subclass without a row takes its parent's."""


def _action(detail: str, operation: str) -> str:
    found = _ACTION.search(detail)
    return found.group(1) if found else f"dynamodb:{operation}"


def _detail(text: str) -> str:
    text = shortened(escaped(" ".join(text.split()).rstrip(" ;")), _DETAIL_CHARACTERS)
    return text if text.endswith((".", "…")) else f"{text}."


def _filled(rule: _Rule, place: Place, **more: str) -> StoreError:
    log_in, source = login(place.aws_profile), place.credentials
    values: dict[str, Any] = {
        "table": place.table,
        "region": place.region,
        "endpoint": place.endpoint or f"DynamoDB in {place.region}",
        "profile": place.aws_profile or "",
        "login": log_in,
        "source": f" ({source.words})" if source else "",
        "renewal": source.renewal if source else AGAIN.format(login=log_in),
        **more,
    }
    error = CredentialsExpiredError if rule is _EXPIRED else StoreError
    return error(
        rule.message.format(**values), rule.hint.format(**values), kind=rule.kind, tried=place.tried
    )


def service_error(code: str, detail: str, operation: str, place: Place) -> StoreError:
    """The error for a code that the service answered ``operation`` with."""
    rule = SERVICE_RULES.get(code.rpartition("#")[2])
    if rule is None and _SERVER_ERROR.fullmatch(code):
        rule = _FAILED
    if rule is None and _NOT_DYNAMODB.fullmatch(code):
        rule = _FOREIGN
    if rule is None:
        rule = _Rule("other", "DynamoDB answered {operation} with {code}: {detail}", "")
    return _filled(
        rule,
        place,
        code=escaped(code),
        detail=_detail(detail),
        action=_action(detail, operation),
        operation=operation,
    )


def client_error(error: Exception, place: Place) -> StoreError:
    """The error for an exception of the client that is not an answer of the service."""
    for ancestor in type(error).__mro__:
        rule = CLIENT_RULES.get(ancestor.__name__)
        if rule is not None:
            if rule is _UNTRUSTED and _UNTRUSTED_TEXT not in str(error):
                # A handshake that was cut off is an SSLError too.
                rule = _NO_ANSWER
            return _filled(rule, place, detail=_detail(str(error)), code=type(error).__name__)
    return StoreError(
        f"The AWS client failed: {_detail(str(error))}", kind="other", tried=place.tried
    )


def store_error(error: Exception, place: Place) -> StoreError:
    """The `StoreError` for any exception of botocore."""
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        answer = response["Error"]
        operation = str(getattr(error, "operation_name", "the request"))
        return service_error(
            str(answer.get("Code", "?")), str(answer.get("Message", "")), operation, place
        )
    return client_error(error, place)


def no_credentials(sentence: str, place: Place) -> StoreError:
    """The error for credentials that were found nowhere; ``sentence`` says where they were looked
    for."""
    rule = CLIENT_RULES["NoCredentialsError"]
    return _filled(_Rule(rule.kind, "{detail}", rule.hint), place, detail=sentence)


def unfetched(error: Exception, place: Place) -> StoreError:
    """The error for credentials that a program was to give and did not."""
    return _filled(CLIENT_RULES["CredentialRetrievalError"], place, detail=_detail(str(error)))


def answered(answer: Mapping[str, Any], member: str, place: Place) -> Any:
    """The member ``member``, which every answer of the service to the operation has.

    A server that is no DynamoDB may say 200 as well. Raises `StoreError` then, so that nothing
    passes for absent or written that was not.
    """
    if member not in answer:
        raise _filled(CLIENT_RULES["ResponseParserError"], place)
    return answer[member]


def _raised_by_parser(error: Exception) -> bool:
    """True when botocore's parser stumbled: over JSON that is no answer of DynamoDB."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == "botocore.parsers"


@contextmanager
def told_plainly(place: Place) -> Iterator[None]:
    """Turn the exceptions of botocore inside the block into `StoreError`."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise store_error(error, place) from error
    except (AttributeError, TypeError, ValueError) as error:
        if not _raised_by_parser(error):
            raise
        raise _filled(CLIENT_RULES["ResponseParserError"], place) from error
