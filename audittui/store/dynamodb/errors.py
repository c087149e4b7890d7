"""From the service's exceptions to sentences: what happened, and what to do about it.

Source: IAM user guide, "Troubleshoot access denied error messages", for what they name.
"""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from audittui.errors import StoreError
from audittui.escape import escaped, shortened
from audittui.store.dynamodb import rules
from audittui.store.dynamodb.credentials import AGAIN, Source, config_file, login
from audittui.store.dynamodb.lenders import lender_asked, lender_of
from audittui.store.dynamodb.rules import CLIENT_RULES, LENDER_RULES, SERVICE_RULES, Rule
from audittui.store.endpoint import is_aws

_ACTION = re.compile(r"perform:? (dynamodb:\w+)", re.ASCII)
_INDEX = re.compile(r":table/[\w.-]+/index/([\w.-]+)", re.ASCII)
_EXPLICIT = re.compile(r"explicit deny in (an? [\w -]+)", re.ASCII)
# What botocore makes of an answer that says nothing but its HTTP status.
_SERVER_ERROR = re.compile(r"5\d\d", re.ASCII)
_NOT_DYNAMODB = re.compile(r"[34]\d\d", re.ASCII)
_UNTRUSTED_TEXT = "CERTIFICATE_VERIFY_FAILED"
_NO_CERTIFICATE = re.compile(r"NO_CERTIFICATE_OR_CRL_FOUND|PEM lib|NO_START_LINE", re.ASCII)
_BY_TOKEN = ("assume-role-with-web-identity",)
_RENEWABLE = (rules.EXPIRED, rules.NO_LOGIN, rules.LENDER_EXPIRED)
_DETAIL_CHARACTERS = 300


class Place(NamedTuple):
    """What errors name: the table, and how it was reached.

    ``credentials`` is where they come from, None where none are known; ``region_from`` and
    ``profile_from`` say where AWS's own settings named what nobody gave. ``bundle`` is the file of
    certificates that is trusted instead of the usual ones, ``attempts`` how many are made at a
    request where AWS's own settings say so, else 0.
    """

    table: str
    region: str
    endpoint: str
    aws_profile: str | None = None
    credentials: Source | None = None
    region_from: str = ""
    profile_from: str = ""
    bundle: str = ""
    attempts: int = 0

    @property
    def label(self) -> str:
        """The table and its region, and the endpoint's host where it is not AWS's own."""
        host = urlsplit(self.endpoint).netloc
        if is_aws(self.endpoint):
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


def _action(detail: str, operation: str) -> str:
    found = _ACTION.search(detail)
    return found.group(1) if found else f"dynamodb:{operation}"


def _detail(text: str) -> str:
    text = shortened(escaped(" ".join(text.split()).rstrip(" ;")), _DETAIL_CHARACTERS)
    return text if text.endswith((".", "…")) else f"{text}."


def _filled(rule: Rule, place: Place, **more: str) -> StoreError:
    log_in, source = login(place.aws_profile), place.credentials
    values: dict[str, Any] = {
        "table": place.table,
        "region": place.region,
        "endpoint": place.endpoint or f"DynamoDB in {place.region}",
        "profile": place.aws_profile or "default",
        "login": log_in,
        "config": config_file(),
        "source": f" ({source.words})" if source else "",
        "renewal": source.renewal if source else AGAIN.format(login=log_in),
        **more,
    }
    error = CredentialsExpiredError if rule in _RENEWABLE else StoreError
    hint = rule.hint.format(**values)
    if more.get("request"):
        hint = f"{hint} Request id: {more['request']}.".strip()
    return error(
        rule.message.format(**values),
        hint,
        kind=rule.kind,
        tried=place.tried,
        brief=rule.brief.format(**values),
        usage=rule.usage,
    )


def service_error(
    code: str, detail: str, operation: str, place: Place, *, index: str = "", request: str = ""
) -> StoreError:
    """The error for a code that the service answered ``operation`` with.

    ``index`` is the one that was asked, ``request`` the id that the service gave the request.
    """
    code = code.rpartition("#")[2]
    lender = lender_of(operation)
    more = {
        "code": escaped(code), "detail": _detail(detail), "action": _action(detail, operation),
        "operation": operation, "lender": lender, "request": escaped(request),
    }  # fmt: skip
    if lender:
        return _filled(_lenders_rule(code, detail), place, **more)
    rule = SERVICE_RULES.get(code)
    if rule is None and _SERVER_ERROR.fullmatch(code):
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
    return _filled(rule, place, **more)


def _lenders_rule(code: str, detail: str) -> Rule:
    if _SERVER_ERROR.fullmatch(code):
        return rules.LENDER_FAILED
    rule = LENDER_RULES.get(code, rules.LENDER_OTHER)
    if rule is rules.LENDER_DENIED and "MultiFactorAuthentication" in detail:
        return rules.LENDER_CODE
    if rule is rules.LENDER_EXPIRED and "web identity" in detail.lower():
        return rules.LENDER_TOKEN
    return rule


def client_error(error: Exception, place: Place) -> StoreError:
    """The error for an exception of the client that is not an answer of the service."""
    lending = _raised_in(error, "botocore.credentials")
    more = {"detail": _detail(str(error)), "code": type(error).__name__}
    kwargs: dict[str, Any] = getattr(error, "kwargs", {})
    more["proxy"] = escaped(str(kwargs.get("proxy_url") or "on the way"))
    if lending:
        source = place.credentials
        more["endpoint"] = lender_asked(error, source.method if source else "")
    if kwargs.get("provider") == "custom-process":
        return unfetched(error, place)
    for ancestor in type(error).__mro__:
        rule = CLIENT_RULES.get(ancestor.__name__)
        if rule is not None:
            if rule is rules.UNTRUSTED and _UNTRUSTED_TEXT not in str(error):
                cause = _bundle_fault(kwargs.get("error"))
                if cause:
                    named = "AWS_CA_BUNDLE, or ca_bundle in " + config_file()
                    more |= {"bundle": place.bundle or "the bundle", "bundle_from": named}
                    return _filled(rules.NO_BUNDLE, place, **more | {"detail": cause})
                # A handshake that was cut off is an SSLError too.
                rule = rules.NO_ANSWER
            if lending and rule is rules.NO_ANSWER:
                rule = rules.NO_LENDER
            return _filled(rule, place, **more)
    return StoreError(f"The AWS client failed: {more['detail']}", kind="other", tried=place.tried)


def _bundle_fault(error: object) -> str:
    """Why the file of trusted certificates cannot be used; empty where that is not the fault."""
    cause = error.args[0] if isinstance(error, Exception) and error.args else None
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError):
        named = (errno.ENOENT, errno.EISDIR, errno.EACCES, errno.ENOTDIR)
        return _detail(str(cause.strerror)) if cause.errno in named else ""
    return "it holds no certificate." if _NO_CERTIFICATE.search(str(error)) else ""


def store_error(error: Exception, place: Place, index: str = "") -> StoreError:
    """The `StoreError` for any exception of botocore; ``index`` is the one that was asked."""
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        answer = response["Error"]
        operation = str(getattr(error, "operation_name", "the request"))
        return service_error(
            str(answer.get("Code", "?")), str(answer.get("Message", "")), operation, place,
            index=index, request=str(response.get("ResponseMetadata", {}).get("RequestId") or ""),
        )  # fmt: skip
    return client_error(error, place)


def no_credentials(sentence: str, place: Place) -> StoreError:
    """The error for credentials that were found nowhere; ``sentence`` says where they were looked
    for."""
    rule = CLIENT_RULES["NoCredentialsError"]
    return _filled(Rule(rule.kind, "{detail}", rule.hint), place, detail=sentence)


def unfetched(error: Exception, place: Place) -> StoreError:
    """The error for credentials that a program or a file was to give and did not."""
    kwargs: dict[str, Any] = getattr(error, "kwargs", {})
    if isinstance(error, OSError):
        why = _detail(str(error.strerror or error)[:1].lower() + str(error.strerror or error)[1:])
        if place.credentials is not None and place.credentials.method in _BY_TOKEN:
            return _filled(rules.TOKEN_FILE, place, file=escaped(str(error.filename)), detail=why)
        named = f"{error.filename}: {why}" if error.filename else why
        return _filled(rules.PROCESS, place, detail=_detail(named))
    if isinstance(error, ValueError):
        return _filled(rules.PROCESS, place, detail="it did not print credentials as JSON.")
    said = str(kwargs.get("error_msg", error)).strip() or "it ended without a word"
    return _filled(rules.PROCESS, place, detail=_detail(said))


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


def _raised_in(error: Exception, module: str) -> bool:
    """True when ``error`` came through a function of ``module``."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            return True
        trace = trace.tb_next
    return False


@contextmanager
def told_plainly(place: Place, index: str = "") -> Iterator[None]:
    """Turn the exceptions of botocore inside the block into `StoreError`.

    ``index`` is the one that is asked, where one is.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise store_error(error, place, index) from error
    except (AttributeError, OSError, TypeError, ValueError) as error:
        if isinstance(error, (OSError, ValueError)) and _raised_in(error, "botocore.credentials"):
            raise unfetched(error, place) from error
        if not _raised_by_parser(error):
            raise
        raise _filled(CLIENT_RULES["ResponseParserError"], place) from error
