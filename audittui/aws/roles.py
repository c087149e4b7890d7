"""Roles that an AWS profile assumes: where their sessions are kept, and how to ask for a code.

botocore would prompt on the terminal whenever it needs to, even under an application that draws on
it, and lose the session with the process. The AWS CLI keeps sessions in ``~/.aws/cli/cache``, under
names made by botocore. audittui does the same, so a code typed for one serves the other. Source:
AWS CLI user guide, "Use an IAM role in the AWS CLI", "Caching credentials".
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.utils import JSONFileCache

from audittui.errors import StoreError, UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.aws.access import Access

_PROVIDERS = ("assume-role", "assume-role-with-web-identity")
_PROMPT = "Enter MFA code for "
_DIGITS = 6
_of_this_process: dict[str, Any] = {}
"""Sessions that are not kept on disk; the code is still asked for only once."""


class _SessionCache(JSONFileCache):
    """The AWS CLI's cache; if it cannot be written or read, it acts as empty."""

    def __contains__(self, cache_key: str) -> bool:
        try:
            self[cache_key]
        except KeyError:
            return False
        return True

    def __setitem__(self, cache_key: str, value: Any) -> None:
        # A folder that cannot be written only means asking again.
        with contextlib.suppress(OSError):
            super().__setitem__(cache_key, value)


def session_folder() -> Path:
    """The folder where the AWS CLI keeps the sessions of roles."""
    return Path("~/.aws/cli/cache").expanduser()


def prepare_roles(session: Any, access: Access, profile: str | None) -> None:
    """Make botocore's ``session`` ask for codes and keep sessions as ``access`` says."""
    resolver = session.get_component("credential_provider")
    cache: Any = _SessionCache(str(session_folder())) if access.keep_session else _of_this_process
    for name in _PROVIDERS:
        resolver.get_provider(name).cache = cache

    def ask(prompt: str) -> str:
        device = prompt.removeprefix(_PROMPT).rstrip(": ")
        return _code(access, profile or "default", escaped(device))

    resolver.get_provider(_PROVIDERS[0])._prompter = ask


def needs_code(session: Any, profile: str | None) -> bool:
    """True if the role of ``profile``, or one on the way to it, needs an MFA code."""
    profiles = session.full_config.get("profiles", {})
    name, seen = profile or "default", set()
    while name in profiles and name not in seen:
        seen.add(name)
        if "role_arn" in profiles[name] and "mfa_serial" in profiles[name]:
            return True
        name = profiles[name].get("source_profile", "")
    return False


def _code(access: Access, profile: str, device: str) -> str:
    if access.ask_code is None:
        raise StoreError(
            f"AWS profile {profile} needs an MFA code, which cannot be asked for here.",
            f"Run aws sts get-caller-identity --profile {profile} in a shell, which asks for it "
            "and keeps the session, and try again.",
            kind="credentials",
        )
    code = access.ask_code(f"MFA code for {device} (AWS profile {profile}): ").strip()
    if not (code.isascii() and code.isdigit() and len(code) == _DIGITS):
        raise UsageError(f"That is not an MFA code, which has {_DIGITS} digits.")
    return code
