"""Where AWS credentials come from, in words: botocore's chain of providers, told for people.

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
"""An access key id of AWS has 20 characters; of a short one nothing is shown."""
_CONTAINER = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")

AGAIN = "Get fresh ones ({login}) and try again."
"""What to do about credentials that have expired, where nobody knows where they are from."""
_BY_ITSELF = "They are renewed by themselves: try again in a moment."
_SOURCES: dict[str, tuple[str, str]] = {
    "env": (
        "from the environment: AWS_ACCESS_KEY_ID",
        "Set fresh ones and start again, or log in ({login}) and give --aws-profile.",
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
        "Log in where that program does, and try again.",
    ),
    "container-role": ("of this container's role", _BY_ITSELF),
    "iam-role": ("of this machine's role", _BY_ITSELF),
}
"""By botocore's name of the provider: where its credentials come from, and what renews them."""


class Source(NamedTuple):
    """Where credentials come from (``words`` continue a sentence), and what to do when they have
    expired. ``key`` is the end of the access key's id, where it is known without asking anybody;
    ``method`` is botocore's name of the provider."""

    words: str
    renewal: str
    key: str = ""
    method: str = ""

    @property
    def text(self) -> str:
        """The words, with the end of the access key's id."""
        return f"{self.words} (key …{self.key})" if self.key else self.words


def config_file() -> str:
    """The file of the AWS configuration, as people name it."""
    return os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"


def login(profile: str | None) -> str:
    """The command that logs in to ``profile`` (None: the default one)."""
    return f"aws sso login --profile {profile}" if profile else "aws sso login"


def profile_of(environment: Mapping[str, str] | None = None) -> tuple[str | None, str]:
    """The AWS profile that the environment names, and the variable that does. botocore's order."""
    environment = os.environ if environment is None else environment
    for variable in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"):
        if environment.get(variable):
            return environment[variable], variable
    return None, ""


def source_of(credentials: Any, profile: str | None) -> Source:
    """Where ``credentials`` of botocore come from. Asks nobody: those that must be fetched first
    are not, so their key is not told."""
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
    """Where credentials were looked for in vain: ``explicit`` is a profile that was asked for,
    which leaves the environment out."""
    environment = os.environ if environment is None else environment
    places = [] if explicit else ["in the environment"]
    places.append(f"in ~/.aws for the AWS profile {profile or 'default'}")
    if any(environment.get(name) for name in _CONTAINER):
        places.append("of this container")
    if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true":
        places.append("of this machine's role")
    return places


def none_found(places: list[str]) -> str:
    """One sentence: there are no credentials, and where they were looked for."""
    *before, last = places
    return (
        f"No AWS credentials are found: not {', '.join(before) + ' or ' if before else ''}{last}."
    )
