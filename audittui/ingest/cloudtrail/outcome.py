"""How an event ended: its outcome, and the reason of one that did not succeed.

Sources: AWS CloudTrail user guide ("CloudTrail record contents", "AWS Management Console sign-in
events", "Service events"), the common errors of the IAM, EC2, S3, STS, KMS and Lambda API
references, IAM Identity Center's sign-in events, the life-cycle events of Organizations, Control
Tower and Backup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from audittui.entry import Outcome

_DENIED = re.compile(
    # With any service, prefix (Client., Lambda., KMS) or suffix (Exception) around it.
    r"denied|unauthori[sz]ed|not[ _]?authori[sz]ed|forbidden"
    r"|insufficient ?(permission|privilege|access)|explicit ?deny"
    r"|^failed authentication|authentication ?failed"
    # Credentials, signatures and accounts that are not accepted.
    r"|InvalidClientTokenId"
    r"|\b(Auth(entication)?Failure|AuthorizationError|UnrecognizedClient|InvalidCredentials?\b"
    r"|Invalid(Identity)?Token(Id)?(Exception)?\b|TokenRefreshRequired|Request(Expired|TimeTooSkewed)"
    r"|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature|MissingAuthenticationToken"
    r"|ExpiredToken|InvalidSecurity(Token\w*)?\b|IncompleteSignature|OptInRequired|NotSignedUp|AccountProblem"
    r"|AllAccessDisabled|IDPRejectedClaim|RegionDisabled)"
    # An HTTP status as the code: 403 Forbidden, HTTP 401.
    r"|^(HTTP[ /]?)?40[13]\b",
    re.IGNORECASE,
)
_DENIED_MESSAGE = re.compile(
    r"access (was |is |has been )?denied|not authori[sz]ed|unauthori[sz]ed|forbidden|explicit deny"
    r"|authentication failed|failed authentication|no username found|permission denied"
    r"|invalid (credentials|mfa)|\bstatus code:? 40[13]\b",
    re.IGNORECASE,
)
_FAILED = re.compile(r"fail(ed|ure)?|error|unsuccessful|rejected|aborted", re.IGNORECASE)
_REFUSED = re.compile(r"(access[ _]?)?denied|forbidden|unauthori[sz]ed", re.IGNORECASE)
_STATES = re.compile(
    # The previous state of a resource is not the outcome of the event.
    r"(?!prev|old|from)(.*[a-z])?(state|status|result|outcome|state_?name|job_?status)",
    re.IGNORECASE,
)
_STATES_TEXT = re.compile(r"success|succeeded", re.IGNORECASE)
_REASONS = re.compile(
    r"(failure|error|status)_?(code|reason|message)|reason|cause|message", re.IGNORECASE
)
_CODES = re.compile(r"(failure|error)_?(code|reason|message)", re.IGNORECASE)
_FAILURE_LISTS = re.compile(r".*failure_?details|failures", re.IGNORECASE)
_SIGN_IN = re.compile(
    r"ConsoleLogin|CheckMfa|SwitchRole|ExitRole|RenewRole|CredentialVerification"
    r"|CredentialChallenge|UserAuthentication|GetSigninToken|Authenticate|Federate|PasswordRecovery.*"
)
_MAX_DEPTH = 6


def outcome_of(record: dict[str, Any]) -> tuple[Outcome, str | None]:
    """The outcome of a record, and its reason: the error code, else the message, else what the
    event's details give; None if they give none."""
    code = _told(record.get("errorCode"))
    message = _told(record.get("errorMessage"))
    if code is not None:
        return ("denied" if _DENIED.search(code) else "failure"), code
    found = _account(record)
    if found is not None:
        outcome, reason = found
        if message is not None and _DENIED_MESSAGE.search(message):
            outcome = "denied"
        return outcome, message or reason
    if message is not None:
        refused = _DENIED_MESSAGE.search(message) or _DENIED.search(message)
        return ("denied" if refused else "failure"), message
    return "success", None


def _account(record: dict[str, Any]) -> tuple[Outcome, str | None] | None:
    """The failure in the response or the service's details; None if there is none."""
    name = str(record.get("eventName") or "")
    source = str(record.get("eventSource") or "").partition(".")[0]
    signing_in = source in ("signin", "sso") or _SIGN_IN.fullmatch(name) is not None
    response, details = record.get("responseElements"), record.get("serviceEventDetails")
    for part in (response, details):
        if not isinstance(part, dict):
            continue
        for key, value in part.items():
            # {"ConsoleLogin": "Failure"}: the key is the event's name, or a word for an outcome.
            own = key == name or signing_in or (part is details and _STATES.fullmatch(key))
            if isinstance(value, str) and (value == "Failure" or (own and _bad(value))):
                denied = signing_in or _SIGN_IN.fullmatch(key) or _REFUSED.fullmatch(value)
                return ("denied" if denied else "failure"), _reason_in(part)
    if isinstance(response, dict) and response.get("_return") is False:
        return "failure", _reason_in(response)
    if isinstance(details, dict):
        word = next(_failures(details, 0), None)
        if word is not None:
            refused = _REFUSED.fullmatch(word) or _DENIED.search(word)
            return ("denied" if refused else "failure"), _reason_in(details)
    kind = str(record.get("eventType") or "").lower()
    if kind == "awsserviceevent" and name.endswith("Failed"):
        return "failure", _reason_in(details) or _reason_in(record.get("additionalEventData"))
    return None


def _bad(value: str) -> bool:
    return bool(_FAILED.fullmatch(value) or _REFUSED.fullmatch(value))


def _failures(value: Any, depth: int) -> Iterator[str]:
    """The words in a service's details that indicate a failure, at any depth."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _failures(inner, depth + 1)
    if not isinstance(value, dict):
        return
    states = [
        inner for key, inner in value.items() if isinstance(inner, str) and _STATES.fullmatch(key)
    ]
    yield from (state for state in states if _bad(state))
    # A message beside "SUCCEEDED" is not a failure.
    well = any(_STATES_TEXT.fullmatch(state) for state in states)
    for key, inner in value.items():
        if not well and isinstance(inner, str) and _CODES.fullmatch(key) and _tells(inner):
            yield inner
        elif isinstance(inner, list) and inner and _FAILURE_LISTS.fullmatch(key):
            yield key
        elif isinstance(inner, dict | list):
            yield from _failures(inner, depth + 1)


def _tells(code: str) -> bool:
    return code.strip().lower() not in ("", "0", "none", "null", "ok", "success", "-")


def _reason_in(value: Any, depth: int = 0) -> str | None:
    """The code of a failure, otherwise its message."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return None
    for wanted in (_CODES, _REASONS):
        for key, inner in value.items():
            if isinstance(inner, str) and _tells(inner) and wanted.fullmatch(str(key)):
                return inner
    for inner in value.values():
        found = _reason_in(inner, depth + 1)
        if found is not None:
            return found
    return None


def _told(value: Any) -> str | None:
    """A code or message as text; some services write numbers."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None
