"""Describes where AWS credentials come from, by botocore's chain of providers.

Source: the AWS SDKs and Tools reference guide, "Standardized credential providers";
botocore.credentials (``Credentials.method``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 4
_LONG_ENOUGH = 16
"""An AWS access key id has 20 characters; nothing is shown of a shorter one."""
_CONTAINER = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")

AGAIN = "Renew them ({login}) and try again."
"""The advice for expired credentials of unknown origin."""
_BY_ITSELF = "They are renewed automatically: try again in a moment."
_SOURCES: dict[str, tuple[str, str]] = {
    "env": (
        "from the environment: AWS_ACCESS_KEY_ID",
        "Set new ones and restart, or log in ({login}) and give --aws-profile.",
    ),
    "shared-credentials-file": ("from the credentials file, AWS profile {profile}", AGAIN),
    "config-file": ("from the AWS configuration, AWS profile {profile}", AGAIN),
    "sso": (
        "from IAM Identity Center, AWS profile {profile}",
        "Log in ({login}) and try again.",
    ),
    "login": (
        "from aws login, AWS profile {profile}",
        "Log in (aws login --profile {profile}) and try again.",
    ),
    "assume-role": ("of the role that AWS profile {profile} assumes", AGAIN),
    "assume-role-with-web-identity": (
        "of the role for a web identity token",
        "Check AWS_WEB_IDENTITY_TOKEN_FILE and try again.",
    ),
    "custom-process": (
        "from the credential_process of AWS profile {profile}",
        "Log in for that program and try again.",
    ),
    "container-role": ("of this container's role", _BY_ITSELF),
    "iam-role": ("of this machine's role", _BY_ITSELF),
}
"""By botocore's name of the provider: where its credentials come from, and how to renew them."""


class Source(NamedTuple):
    """Where credentials come from (``words`` continue a sentence), and what to do when they have
    expired. ``key`` is the end of the access key id, if it is known without a request; ``method``
    is botocore's name of the provider."""

    words: str
    renewal: str
    key: str = ""
    method: str = ""

    @property
    def text(self) -> str:
        """The words, with the end of the access key id."""
        return f"{self.words} (key …{self.key})" if self.key else self.words


def config_file() -> str:
    """The path of the AWS configuration file, as people write it."""
    return os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"


def login(profile: str | None) -> str:
    """The command that logs in to ``profile`` (None for the default one)."""
    return f"aws sso login --profile {profile}" if profile else "aws sso login"


def profile_of(environment: Mapping[str, str] | None = None) -> tuple[str | None, str]:
    """The AWS profile that the environment names, and the variable, in botocore's order."""
    environment = os.environ if environment is None else environment
    for variable in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"):
        if environment.get(variable):
            return environment[variable], variable
    return None, ""


def source_of(credentials: Any, profile: str | None) -> Source:
    """Where ``credentials`` of botocore come from. Sends nothing: credentials that must be fetched
    first are not, so their key is not known."""
    from botocore.credentials import Credentials

    method = str(credentials.method)
    words, renewal = _SOURCES.get(method, (f"from {method}", AGAIN))
    key = ""
    if type(credentials) is Credentials and len(credentials.access_key) >= _LONG_ENOUGH:
        key = credentials.access_key[-_SHOWN:]
    named = {"profile": profile or "default", "login": login(profile)}
    return Source(words.format(**named), renewal.format(**named), key, method)


def places_looked_at(
    profile: str | None, *, explicit: bool, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Where credentials were looked for in vain. An ``explicit`` profile skips the environment."""
    environment = os.environ if environment is None else environment
    places = [] if explicit else ["in the environment"]
    places.append(f"in ~/.aws for the AWS profile {profile or 'default'}")
    if any(environment.get(name) for name in _CONTAINER):
        places.append("of this container")
    if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true":
        places.append("of this machine's role")
    return places


def none_found(places: list[str]) -> str:
    """The sentence that there are no credentials, and where they were looked for."""
    *before, last = places
    return (
        f"No AWS credentials were found: not {', '.join(before) + ' or ' if before else ''}{last}."
    )
