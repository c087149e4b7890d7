"""Which service an error is about: the table's, or one that lends credentials for it.

Source: botocore.credentials.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

_BY_OPERATION = {
    "AssumeRole": "AWS STS",
    "AssumeRoleWithWebIdentity": "AWS STS",
    "AssumeRoleWithSAML": "AWS STS",
    "GetSessionToken": "AWS STS",
    "GetCallerIdentity": "AWS STS",
    "GetRoleCredentials": "IAM Identity Center",
    "CreateToken": "IAM Identity Center",
    "CreateOAuth2Token": "AWS sign-in",
}
_BY_METHOD = {
    "assume-role": "AWS STS",
    "assume-role-with-web-identity": "AWS STS",
    "sso": "IAM Identity Center",
    "login": "AWS sign-in",
    "container-role": "The credentials endpoint of this container",
    "iam-role": "The metadata service of this machine",
}
"""By botocore's name of the provider of credentials."""


def lender_of(operation: str) -> str:
    """The service of ``operation``, if it lends credentials; else empty."""
    return _BY_OPERATION.get(operation, "")


def lender_asked(error: Exception, method: str) -> str:
    """The lender at the other end of a failed connection, with its address. ``method`` is
    botocore's name of the credentials' provider."""
    name = _BY_METHOD.get(method, "The service that lends the AWS credentials")
    given: Any = getattr(error, "kwargs", {}).get("endpoint_url") or ""
    asked = urlsplit(str(given))
    return f"{name} ({asked.scheme}://{asked.netloc})" if asked.netloc else name
