"""The AWS client: where it connects, how long it waits, what it may send."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from audittui import __version__
from audittui.errors import StoreError
from audittui.escape import escaped
from audittui.store.dynamodb.credentials import none_found, places_looked_at, profile_of, source_of
from audittui.store.dynamodb.deadline import bound_answers
from audittui.store.dynamodb.errors import Place, no_credentials, told_plainly, unfetched

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONNECT_SECONDS = 5
READ_SECONDS, WRITE_SECONDS = 10, 20
"""How long the service may say nothing, to a client that only reads and to one that writes."""
ATTEMPTS = 5
"""Attempts a request that botocore makes by itself, the first one included."""
CONNECTIONS = 64
"""Connections kept open: as many as a run of a plan has requests in flight at most."""

READ_OPERATIONS = frozenset({"Query", "GetItem", "BatchGetItem", "DescribeTable"})
"""What a read-only client sends: the four actions of a reader's IAM policy."""
DESCRIBE_OPERATIONS = frozenset(
    {"DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"}
)
"""What a client sends that only describes the table and its settings."""


def _refuse_all_but(operations: frozenset[str]) -> Callable[..., None]:
    def before_call(model: Any, **_: Any) -> None:
        if model.name not in operations:
            raise StoreError(
                f"This connection only reads; {model.name} was not sent.", kind="permission"
            )

    return before_call


def make_client(
    table: str,
    *,
    region: str | None,
    endpoint_url: str | None,
    aws_profile: str | None,
    operations: frozenset[str] | None = None,
    attempts: int = ATTEMPTS,
) -> tuple[DynamoDBClient, Place]:
    """A client for ``table`` and the place that its errors name. Sends nothing to the table; where
    credentials are looked for on this machine, botocore may ask it for its role's.

    Where ``operations`` are given, it is one for reading, and sends these and no others.

    A ``region`` of None is taken from AWS_REGION, else from where AWS's own tools take it; the
    endpoint from AWS_ENDPOINT_URL_DYNAMODB. botocore makes ``attempts`` attempts at a request and
    says nothing of those that fail; 1 leaves repeating to the caller. Raises `StoreError` without
    a region or credentials, for an unknown profile and for an endpoint that is not a URL.
    """
    # boto3's own session imports its S3 transfers too: a sixth of a command's start.
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    from_profile, variable = profile_of()
    profile = aws_profile or from_profile
    region, region_from = _region(region, profile)
    settings = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=WRITE_SECONDS if operations is None else READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        max_pool_connections=CONNECTIONS,
        user_agent_extra=f"audittui/{__version__}",
    )
    place = Place(
        table, region or "", endpoint_url or "", profile,
        profile_from="" if aws_profile else variable,
    )  # fmt: skip
    with told_plainly(place):
        session: Any = Session(profile=aws_profile)
        region = region or session.get_config_variable("region")
        # Roles are assumed there too.
        session.set_config_variable("region", region)
        place = place._replace(region=region or "", region_from=region_from if region else "")
    with told_plainly(place):
        # The client would look for them too, and once more at every request where there are none.
        try:
            credentials = session.get_credentials()
        except (OSError, ValueError) as error:
            # What a credential_process does wrong comes as it is.
            if isinstance(error, BotoCoreError):
                raise
            raise unfetched(error, place) from error
        if credentials is None:
            looked = places_looked_at(profile, explicit=aws_profile is not None)
            raise no_credentials(none_found(looked), place)
        place = place._replace(credentials=source_of(credentials, profile))
        try:
            client = session.create_client(
                "dynamodb", region_name=region, endpoint_url=endpoint_url, config=settings
            )
        except ValueError as error:
            if type(error) is not ValueError:
                raise
            raise StoreError(
                f"{escaped(endpoint_url or '')!r} is not an endpoint.",
                "Give --endpoint-url, such as http://localhost:8000.",
                kind="invalid",
            ) from None
    bound_answers(client)
    if operations is not None:
        client.meta.events.register("before-call.dynamodb", _refuse_all_but(operations))
    return client, place._replace(region=client.meta.region_name, endpoint=client.meta.endpoint_url)


def _region(given: str | None, profile: str | None) -> tuple[str | None, str]:
    """The region as far as it is named before AWS's configuration is read, and what names it."""
    if given:
        return given, ""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(variable):
            return os.environ[variable], f"from {variable}"
    return None, f"from the AWS configuration, AWS profile {profile or 'default'}"
