"""Turns the AWS client's exceptions into sentences: what happened, and what to do about it.

The modules that know a service handle its own error responses. Those of the services that lend
credentials are handled here, because any request may need them.
"""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from audittui.aws import rules
from audittui.aws.credentials import AGAIN, config_file, login
from audittui.aws.lenders import lender_asked, lender_of
from audittui.aws.place import Place
from audittui.aws.rules import CLIENT_RULES, LENDER_RULES, Rule
from audittui.errors import StoreError
from audittui.escape import escaped, shortened

# The code that botocore makes of a response with nothing but an HTTP status.
SERVER_ERROR = re.compile(r"5\d\d", re.ASCII)
_UNTRUSTED_TEXT = "CERTIFICATE_VERIFY_FAILED"
_NO_CERTIFICATE = re.compile(r"NO_CERTIFICATE_OR_CRL_FOUND|PEM lib|NO_START_LINE", re.ASCII)
_BY_TOKEN = ("assume-role-with-web-identity",)
_RENEWABLE = (rules.EXPIRED, rules.NO_LOGIN, rules.LENDER_EXPIRED)
_DETAIL_CHARACTERS = 300


class Refusal(NamedTuple):
    """A service's error response to ``operation``: its code, its message, the request id."""

    code: str
    detail: str
    operation: str
    request: str = ""


class CredentialsExpiredError(StoreError):
    """The credentials have expired; there may be newer ones at their source."""


def detail_of(text: str) -> str:
    """Foreign text as the end of a sentence: escaped, shortened, with a full stop."""
    text = shortened(escaped(" ".join(text.split()).rstrip(" ;")), _DETAIL_CHARACTERS)
    return text if text.endswith((".", "…")) else f"{text}."


def filled(rule: Rule, place: Place, **more: str) -> StoreError:
    """The error that ``rule`` makes; ``more`` are values for its sentences besides the place's."""
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


def lender_error(refusal: Refusal, place: Place) -> StoreError:
    """The error for the response of a service that lends credentials."""
    code = refusal.code
    return filled(
        _lenders_rule(code, refusal.detail), place, code=escaped(code),
        detail=detail_of(refusal.detail), operation=refusal.operation,
        lender=lender_of(refusal.operation) or "AWS", request=escaped(refusal.request),
    )  # fmt: skip


def _lenders_rule(code: str, detail: str) -> Rule:
    if SERVER_ERROR.fullmatch(code):
        return rules.LENDER_FAILED
    rule = LENDER_RULES.get(code, rules.LENDER_OTHER)
    if rule is rules.LENDER_DENIED and "MultiFactorAuthentication" in detail:
        return rules.LENDER_CODE
    if rule is rules.LENDER_EXPIRED and "web identity" in detail.lower():
        return rules.LENDER_TOKEN
    return rule


def client_error(error: Exception, place: Place) -> StoreError:
    """The error for an exception of the client that is not a response of the service."""
    lending = _raised_in(error, "botocore.credentials")
    more = {"detail": detail_of(str(error)), "code": type(error).__name__}
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
                    return filled(rules.NO_BUNDLE, place, **more | {"detail": cause})
                # An interrupted handshake is an SSLError too.
                rule = rules.NO_ANSWER
            if lending and rule is rules.NO_ANSWER:
                rule = rules.NO_LENDER
            return filled(rule, place, **more)
    return StoreError(f"The AWS client failed: {more['detail']}", kind="other", tried=place.tried)


def _bundle_fault(error: object) -> str:
    """Why the file of trusted certificates cannot be used; empty if that is not the fault."""
    cause = error.args[0] if isinstance(error, Exception) and error.args else None
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError):
        named = (errno.ENOENT, errno.EISDIR, errno.EACCES, errno.ENOTDIR)
        return detail_of(str(cause.strerror)) if cause.errno in named else ""
    return "it contains no certificate." if _NO_CERTIFICATE.search(str(error)) else ""


def no_credentials(sentence: str, place: Place) -> StoreError:
    """The error for missing credentials; ``sentence`` says where they were looked for."""
    rule = CLIENT_RULES["NoCredentialsError"]
    return filled(Rule(rule.kind, "{detail}", rule.hint), place, detail=sentence)


def unfetched(error: Exception, place: Place) -> StoreError:
    """The error for credentials that a program or a file failed to supply."""
    kwargs: dict[str, Any] = getattr(error, "kwargs", {})
    if isinstance(error, OSError):
        why = detail_of(str(error.strerror or error)[:1].lower() + str(error.strerror or error)[1:])
        if place.credentials is not None and place.credentials.method in _BY_TOKEN:
            return filled(rules.TOKEN_FILE, place, file=escaped(str(error.filename)), detail=why)
        named = f"{error.filename}: {why}" if error.filename else why
        return filled(rules.PROCESS, place, detail=detail_of(named))
    if isinstance(error, ValueError):
        return filled(rules.PROCESS, place, detail="it did not print credentials as JSON.")
    said = str(kwargs.get("error_msg", error)).strip() or "it ended without a message"
    return filled(rules.PROCESS, place, detail=detail_of(said))


def _raised_by_parser(error: Exception) -> bool:
    """True when botocore's parser failed, on JSON that is not a response of DynamoDB."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == "botocore.parsers"


def _raised_in(error: Exception, module: str) -> bool:
    """True when ``error`` was raised through a function of ``module``."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            return True
        trace = trace.tb_next
    return False


def refusal_in(error: Exception) -> Refusal | None:
    """The service's error response, if ``error`` is one; else None."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict) or "Error" not in response:
        return None
    answer = response["Error"]
    return Refusal(
        str(answer.get("Code", "?")).rpartition("#")[2],
        str(answer.get("Message", "")),
        str(getattr(error, "operation_name", "the request")),
        str(response.get("ResponseMetadata", {}).get("RequestId") or ""),
    )


@contextmanager
def told_plainly(
    place: Place, of_service: Callable[[Refusal], StoreError] | None = None
) -> Iterator[None]:
    """Turn the exceptions of botocore inside the block into `StoreError`.

    ``of_service`` makes the error for a response of the service itself; leave it out if the block
    sends no request to one.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        refusal = refusal_in(error)
        if refusal is None:
            raise client_error(error, place) from error
        if of_service is None or lender_of(refusal.operation):
            raise lender_error(refusal, place) from error
        raise of_service(refusal) from error
    except (AttributeError, OSError, TypeError, ValueError) as error:
        if isinstance(error, (OSError, ValueError)) and _raised_in(error, "botocore.credentials"):
            raise unfetched(error, place) from error
        if not _raised_by_parser(error):
            raise
        raise filled(CLIENT_RULES["ResponseParserError"], place) from error
