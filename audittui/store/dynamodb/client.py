"""The AWS client: where it connects, how long it waits, what it may send."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from audittui import __version__
from audittui.aws.access import NOBODY, Access
from audittui.aws.deadline import bound_answers
from audittui.aws.place import Place
from audittui.aws.session import find_credentials, open_session
from audittui.errors import StoreError
from audittui.escape import escaped
from audittui.store.dynamodb.errors import told_plainly

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONNECT_SECONDS = 5
READ_SECONDS, WRITE_SECONDS = 10, 20
"""Read timeouts in seconds, for a client that only reads and for one that writes."""
ATTEMPTS = 5
"""Attempts that botocore makes for each request, including the first one."""
CONNECTIONS = 64
"""Connections kept open: the most requests that a run of a plan has in flight."""

READ_OPERATIONS = frozenset({"Query", "GetItem", "BatchGetItem", "DescribeTable"})
"""The operations of a read-only client: the four actions of a reader's IAM policy."""
DESCRIBE_OPERATIONS = frozenset(
    {"DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"}
)
"""The operations of a client that only describes the table and its settings."""


def _refuse_all_but(operations: frozenset[str]) -> Callable[..., None]:
    def before_call(model: Any, **_: Any) -> None:
        if model.name not in operations:
            raise StoreError(
                f"This connection is read-only; {model.name} was not sent.", kind="permission"
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
    access: Access = NOBODY,
) -> tuple[DynamoDBClient, Place]:
    """A client for ``table``, and the place that its errors name. Sends nothing to the table; to
    find credentials, botocore may ask the machine's metadata service.

    With ``operations`` it is a reading client that sends these and no others.

    Without ``region``, it is taken from AWS_REGION, else from AWS's own settings; the endpoint from
    AWS_ENDPOINT_URL_DYNAMODB. botocore makes ``attempts`` attempts at each request and does not
    report those that fail; 1 leaves retries to the caller. AWS_MAX_ATTEMPTS (or max_attempts of the
    profile) takes precedence, and becomes the place's ``attempts``. ``access`` says how to ask for
    an MFA code, which happens right away. Raises `StoreError` without a region or credentials, for
    an unknown profile and for an endpoint that is not a URL.
    """
    from botocore.config import Config

    session, place = open_session(
        table, region=region, endpoint_url=endpoint_url, aws_profile=aws_profile, access=access
    )
    place = find_credentials(session, place, explicit=aws_profile is not None)
    settings = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=WRITE_SECONDS if operations is None else READ_SECONDS,
        retries={
            "mode": "standard",
            "total_max_attempts": 1 if attempts == 1 else place.attempts or attempts,
        },
        tcp_keepalive=True,
        max_pool_connections=CONNECTIONS,
        user_agent_extra=f"audittui/{__version__}",
    )
    with told_plainly(place):
        try:
            client = session.create_client(
                "dynamodb",
                region_name=place.region or None,
                endpoint_url=endpoint_url,
                config=settings,
            )
        except ValueError as error:
            if type(error) is not ValueError:
                raise
            raise StoreError(
                f"{escaped(endpoint_url or '')!r} is not an endpoint.",
                "Give --endpoint-url, such as http://localhost:8000.",
                kind="invalid",
                usage=True,
            ) from None
    bound_answers(client)
    if operations is not None:
        client.meta.events.register("before-call.dynamodb", _refuse_all_but(operations))
    return client, place._replace(region=client.meta.region_name, endpoint=client.meta.endpoint_url)
