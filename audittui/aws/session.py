"""A botocore session: profile, region and credentials, found the way AWS's own tools do."""

from __future__ import annotations

import os
from typing import Any

from audittui.aws.access import NOBODY, Access
from audittui.aws.credentials import none_found, places_looked_at, profile_of, source_of
from audittui.aws.errors import no_credentials, told_plainly, unfetched
from audittui.aws.place import Place
from audittui.errors import StoreError


def open_session(
    table: str,
    *,
    region: str | None,
    endpoint_url: str | None,
    aws_profile: str | None,
    access: Access = NOBODY,
) -> tuple[Any, Place]:
    """A session, and the place that its errors name, without credentials yet.

    ``table`` is what is to be reached. Without ``region``, it is taken from AWS_REGION, else from
    AWS's own settings; there may be none. Raises `StoreError` for an unknown profile.
    """
    # boto3's own session also imports S3 transfers, a sixth of a command's start-up.
    from botocore.session import Session

    from audittui.aws.roles import prepare_roles

    from_profile, variable = profile_of()
    profile = aws_profile or from_profile
    region, region_from = _region(region, profile)
    place = Place(
        table, region or "", endpoint_url or "", profile,
        profile_from="" if aws_profile else variable,
    )  # fmt: skip
    with told_plainly(place):
        session: Any = Session(profile=aws_profile)
        region = region or session.get_config_variable("region")
        # Roles are also assumed there.
        session.set_config_variable("region", region)
        place = place._replace(
            region=region or "",
            region_from=region_from if region else "",
            bundle=session.get_config_variable("ca_bundle") or "",
            attempts=_attempts(session),
        )
        if access.tell is not None:
            from audittui.aws.request_lines import tell_requests

            tell_requests(session, access.tell)
        prepare_roles(session, access, profile)
    return session, place


def find_credentials(session: Any, place: Place, *, explicit: bool) -> Place:
    """``place`` with the source of the credentials of ``session``.

    ``explicit`` is True if the profile was named by the user. An MFA code is asked for now, before
    anything is running that a prompt would disturb. Raises `StoreError` if there are none.
    """
    from botocore.exceptions import BotoCoreError

    from audittui.aws.roles import needs_code

    profile = place.aws_profile
    with told_plainly(place):
        # The client would look for them too, and again at every request if there are none.
        try:
            credentials = session.get_credentials()
        except (OSError, ValueError) as error:
            # The errors of a credential_process are raised unchanged.
            if isinstance(error, BotoCoreError):
                raise
            raise unfetched(error, place) from error
        if credentials is None:
            raise no_credentials(none_found(places_looked_at(profile, explicit=explicit)), place)
    place = place._replace(credentials=source_of(credentials, profile))
    if credentials.method == "assume-role" and needs_code(session, profile):
        with told_plainly(place):
            credentials.get_frozen_credentials()
    return place


def _attempts(session: Any) -> int:
    """The number of attempts in AWS's own settings; 0 if they set none. Raises `StoreError`."""
    try:
        found = session.get_config_variable("max_attempts")
        wanted = 0 if found is None else int(found)
    except ValueError:
        wanted = -1
    if wanted < 0 or (found is not None and not wanted):
        raise StoreError(
            "AWS_MAX_ATTEMPTS, or max_attempts in the AWS profile, is not a valid number.",
            "Set it to 1 or more, or unset it.",
            kind="invalid",
            usage=True,
        )
    return wanted


def _region(given: str | None, profile: str | None) -> tuple[str | None, str]:
    """The region, if it is set before AWS's configuration is read, and what sets it."""
    if given:
        return given, ""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(variable):
            return os.environ[variable], f"from {variable}"
    return None, f"from the AWS configuration, AWS profile {profile or 'default'}"
