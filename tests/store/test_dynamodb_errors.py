"""What people read when the service, the client or the network fails."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
from botocore.stub import Stubber

from audittui.aws.errors import client_error
from audittui.aws.place import Place
from audittui.aws.rules import CLIENT_RULES, LENDER_RULES
from audittui.connection import Target, open_connection
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.query.patience import RunPatience, Waits
from audittui.store.dynamodb import open_table, retry
from audittui.store.dynamodb.client import make_client
from audittui.store.dynamodb.errors import service_error
from audittui.store.dynamodb.rules import SERVICE_RULES
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.port import KeyTakenError, Patience, Query, TransactionRefusedError
from tests.store.error_style import assert_reads_well

NATIVE = load_layout("native")
PLACE = Place("audit-log", "eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com", "ops")
KEY = {"pk": "entry#app/0", "sk": "0" * 20}
ITEM = {**KEY, "hash": b"\x00\xff"}
OTHER = {"pk": "entry#app/0", "sk": "1".zfill(20)}
QUERY = Query(index="by-actor", partition=("actor", "alice"), sort="time")

CALLS: dict[str, tuple[str, Callable[[DynamoStore], object]]] = {
    "Query": ("query", lambda store: store.query(QUERY)),
    "GetItem": ("get_item", lambda store: store.get(KEY)),
    "PutItem": ("put_item", lambda store: store.put_new(ITEM)),
    "TransactWriteItems": ("transact_write_items", lambda store: store.put_new_many([ITEM, OTHER])),
    "DescribeTable": ("describe_table", lambda store: store.describe()),
}


@pytest.fixture
def stubbed() -> Iterator[tuple[DynamoStore, Stubber]]:
    """A store on a client that answers what it is told to."""
    client, place = make_client(
        "audit-log", region="eu-west-1", endpoint_url=None, aws_profile=None
    )
    with Stubber(client) as stubber:
        yield DynamoStore(client, place, NATIVE), stubber


@pytest.fixture(autouse=True)
def one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried again here, so that no test waits."""
    monkeypatch.setattr(retry, "ATTEMPTS", 1)


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("ResourceNotFoundException", "missing_table", ["audit-log", "eu-west-1", "table create"]),
        ("ExpiredTokenException", "credentials", ["expired", "aws sso login"]),
        ("UnrecognizedClientException", "credentials", ["does not accept", "AWS_PROFILE"]),
        ("InvalidSignatureException", "credentials", ["does not accept", "clock"]),
        ("AccessDeniedException", "permission", ["audit-log", "dynamodb:{operation}"]),
        ("ProvisionedThroughputExceededException", "throttled", ["audit-log", "throttling"]),
        ("ThrottlingException", "throttled", ["audit-log", "Wait"]),
        ("RequestLimitExceeded", "throttled", ["audit-log", "Wait"]),
        ("ValidationException", "invalid", ["the service's own words"]),
        ("InternalServerError", "network", ["eu-west-1", "Try again"]),
        ("503", "network", ["503", "Try again"]),
        ("SomethingNewException", "other", ["SomethingNewException", "the service's own words"]),
    ],
)
def test_every_method_tells_what_the_service_said(
    stubbed: tuple[DynamoStore, Stubber], operation: str, code: str, kind: str, words: list[str]
) -> None:
    store, stubber = stubbed
    method, call = CALLS[operation]
    stubber.add_client_error(method, code, "the service's own words")
    with pytest.raises(StoreError) as told:
        call(store)
    assert told.value.kind == kind
    for word in words:
        assert word.format(operation=operation) in str(told.value)
    assert_reads_well(told.value)


@pytest.mark.parametrize("code", SERVICE_RULES)
def test_every_rule_of_the_service_reads_well(code: str) -> None:
    assert_reads_well(service_error(code, "Something %odd happened", "Query", PLACE))


@pytest.mark.parametrize("code", [*LENDER_RULES, "Other", "503"])
@pytest.mark.parametrize("operation", ["AssumeRole", "GetRoleCredentials", "CreateToken"])
def test_every_rule_of_a_lender_reads_well_and_does_not_blame_the_table(
    code: str, operation: str
) -> None:
    told = service_error(code, "Something odd happened", operation, PLACE, request="id-1")
    assert_reads_well(told)
    assert "dynamodb" not in str(told).lower() and "audit-log" not in str(told)
    assert told.hint.endswith("Request id: id-1.")


@pytest.mark.parametrize("name", CLIENT_RULES)
def test_every_rule_of_the_client_reads_well(name: str) -> None:
    failure = type(name, (Exception,), {})("Something odd happened")
    assert_reads_well(client_error(failure, PLACE))


def test_a_code_with_a_namespace_is_the_same_code() -> None:
    code = "com.amazonaws.dynamodb.v20120810#ThrottlingException"
    assert service_error(code, "", "Query", PLACE).kind == "throttled"


def test_the_missing_action_is_the_one_that_the_service_names() -> None:
    detail = (
        "User: arn:aws:iam::1:user/a is not authorized to perform: dynamodb:PutItem on resource: x"
    )
    told = service_error("AccessDeniedException", detail, "TransactWriteItems", PLACE)
    assert "dynamodb:PutItem" in told.message
    assert "dynamodb:PutItem" in told.hint


def test_the_services_words_are_shown_harmless_and_short() -> None:
    told = service_error("ValidationException", "\x1b]52;c;eA==\x07\n" + "x" * 5000, "Query", PLACE)
    assert "\x1b" not in told.message
    assert len(told.message) < 500


def test_fresh_credentials_are_asked_for_with_the_profile() -> None:
    told = service_error("ExpiredTokenException", "", "Query", PLACE)
    assert "aws sso login --profile ops" in told.hint


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (botocore.exceptions.NoCredentialsError(), "credentials"),
        (
            botocore.exceptions.PartialCredentialsError(provider="env", cred_var="secret"),
            "credentials",
        ),
        (
            botocore.exceptions.CredentialRetrievalError(provider="process", error_msg="exit 1"),
            "credentials",
        ),
        (botocore.exceptions.SSOTokenLoadError(error_msg="no file"), "credentials"),
        (botocore.exceptions.UnauthorizedSSOTokenError(), "credentials"),
        (
            botocore.exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
            "credentials",
        ),
        (botocore.exceptions.ProfileNotFound(profile="ops"), "credentials"),
        (botocore.exceptions.NoRegionError(), "invalid"),
        (
            botocore.exceptions.EndpointConnectionError(endpoint_url="http://x", error="refused"),
            "network",
        ),
        (botocore.exceptions.ConnectTimeoutError(endpoint_url="http://x"), "network"),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="http://x"), "network"),
        (
            botocore.exceptions.ConnectionClosedError(endpoint_url="http://x", request=None),
            "network",
        ),
        (botocore.exceptions.SSLError(endpoint_url="http://x", error="EOF occurred"), "network"),
        (
            botocore.exceptions.SSLError(
                endpoint_url="http://x", error="CERTIFICATE_VERIFY_FAILED"
            ),
            "other",
        ),
        (
            botocore.exceptions.ProxyConnectionError(proxy_url="http://p", error="refused"),
            "network",
        ),
        (botocore.exceptions.HTTPClientError(error="cut off"), "network"),
        (botocore.exceptions.DataNotFoundError(data_path="x"), "other"),
    ],
)
def test_the_clients_own_exceptions(failure: Exception, kind: str) -> None:
    told = client_error(failure, PLACE)
    assert told.kind == kind
    assert_reads_well(told)


def test_no_region_is_said_before_anything_is_sent() -> None:
    with pytest.raises(StoreError) as told:
        open_table("audit-log", NATIVE, region=None, endpoint_url=None, aws_profile=None)
    assert "region" in told.value.message
    assert "--region" in told.value.hint


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_is_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "eu-north-1")
    store = open_table("audit-log", NATIVE)
    assert store.region == "eu-north-1"
    assert store.place == "audit-log (eu-north-1)"


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(StoreError) as told:
        open_table("audit-log", NATIVE, region="eu-west-1", aws_profile="nobody")
    assert told.value.kind == "credentials"
    assert "nobody" in told.value.message


def test_what_is_no_endpoint_is_refused() -> None:
    with pytest.raises(StoreError) as told:
        open_table("audit-log", NATIVE, region="eu-west-1", endpoint_url="localhost:8000")
    assert told.value.kind == "invalid"
    assert "localhost:8000" in told.value.message


@pytest.mark.parametrize(
    ("variables", "words"),
    [({}, "No AWS credentials"), ({"AWS_ACCESS_KEY_ID": "half"}, "incomplete")],
)
def test_missing_and_half_credentials(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError) as told:
        open_table("audit-log", NATIVE, region="eu-west-1").query(QUERY)
    assert told.value.kind == "credentials"
    assert words in told.value.message


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_endpoint_that_is_not_there_is_named() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    store = open_table("audit-log", NATIVE, region="eu-west-1", endpoint_url=endpoint)
    with pytest.raises(StoreError) as told:
        store.query(QUERY)
    assert told.value.kind == "network"
    assert endpoint in told.value.message
    with pytest.raises(StoreError) as told:
        store.put_new(ITEM)
    assert "may have landed" in told.value.hint


@pytest.fixture(
    params=[
        (200, b"<html>Log in</html>"), (200, b"{}"), (200, b""), (404, b"nothing"), (200, b"[]"),
        (200, b"7"), (200, b'{"Items":7,"Item":7,"Table":7,"ConsumedCapacity":7}'), (200, b"\xff"),
        (400, b"[]"), (500, b"[]"),
    ]
)  # fmt: skip
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a web server that is no DynamoDB, such as a proxy's login page."""
    status, body = request.param

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("operation", CALLS)
def test_a_server_that_is_no_dynamodb_is_an_error_and_not_an_empty_answer(
    stranger: str, operation: str
) -> None:
    store = open_table("audit-log", NATIVE, region="eu-west-1", endpoint_url=stranger)
    with pytest.raises(StoreError) as told:
        CALLS[operation][1](store)
    assert_reads_well(told.value)


def test_a_conflict_with_a_transaction_is_a_refusal_to_try_again(
    stubbed: tuple[DynamoStore, Stubber],
) -> None:
    store, stubber = stubbed
    stubber.add_client_error("put_item", "TransactionConflictException")
    with pytest.raises(TransactionRefusedError) as refused:
        store.put_new(ITEM)
    assert refused.value.existing == (None,)
    for code in ("TransactionConflictException", "TransactionInProgressException"):
        stubber.add_client_error("transact_write_items", code)
        with pytest.raises(TransactionRefusedError) as refused:
            store.put_new_many([ITEM, OTHER])
        assert refused.value.existing == (None, None)


def cancelled(stubber: Stubber, *reasons: dict[str, Any]) -> None:
    stubber.add_client_error(
        "transact_write_items",
        "TransactionCanceledException",
        modeled_fields={"CancellationReasons": list(reasons)},
    )


def test_the_reasons_of_a_cancelled_transaction(stubbed: tuple[DynamoStore, Stubber]) -> None:
    store, stubber = stubbed
    there = {"pk": {"S": "entry#app/0"}, "sk": {"S": "0" * 20}, "hash": {"B": b"\x01"}}
    cancelled(
        stubber, {"Code": "ConditionalCheckFailed", "Item": there}, {"Code": "TransactionConflict"}
    )
    with pytest.raises(TransactionRefusedError) as refused:
        store.put_new_many([ITEM, OTHER])
    assert refused.value.existing == ({**KEY, "hash": b"\x01"}, None)
    cancelled(stubber, {"Code": "None"}, {"Code": "TransactionConflict"})
    with pytest.raises(TransactionRefusedError) as refused:
        store.put_new_many([ITEM, OTHER])
    assert refused.value.existing == (None, None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ThrottlingError", "throttled"),
        ("ProvisionedThroughputExceeded", "throttled"),
        ("ValidationError", "invalid"),
        ("ItemCollectionSizeLimitExceeded", "invalid"),
    ],
)
def test_other_reasons_of_a_cancelled_transaction_are_errors(
    stubbed: tuple[DynamoStore, Stubber], code: str, kind: str
) -> None:
    store, stubber = stubbed
    cancelled(stubber, {"Code": "None"}, {"Code": code, "Message": "in its own words"})
    with pytest.raises(StoreError) as told:
        store.put_new_many([ITEM, OTHER])
    assert told.value.kind == kind


def test_an_older_service_that_does_not_return_the_item_is_asked_for_it(
    stubbed: tuple[DynamoStore, Stubber],
) -> None:
    store, stubber = stubbed
    stubber.add_client_error("put_item", "ConditionalCheckFailedException")
    there = {"pk": {"S": "p"}, "hash": {"B": b"\x02"}}
    stubber.add_response("get_item", {"Item": there, "ConsumedCapacity": {"CapacityUnits": 1.0}})
    with pytest.raises(KeyTakenError) as taken:
        store.put_new(ITEM)
    assert taken.value.existing == {"pk": "p", "hash": b"\x02"}


@pytest.mark.parametrize("operation", CALLS)
def test_a_read_only_connection_sends_reads_and_nothing_else(operation: str) -> None:
    store = open_table(
        "audit-log", NATIVE, region="eu-west-1", read_only=True,
        endpoint_url=f"http://127.0.0.1:{free_port()}",
    )  # fmt: skip
    with pytest.raises(StoreError) as told:
        CALLS[operation][1](store)
    # A read got as far as the network.
    reads = operation in ("Query", "GetItem", "DescribeTable")
    assert told.value.kind == ("network" if reads else "permission")
    assert reads or operation in told.value.message


def test_metering_counts_attempts_that_were_retried(stubbed: tuple[DynamoStore, Stubber]) -> None:
    store, stubber = stubbed
    stubber.add_response(
        "query",
        {
            "Items": [],
            "ScannedCount": 3,
            "ConsumedCapacity": {"CapacityUnits": 2.5},
            "ResponseMetadata": {"RetryAttempts": 2},
        },
    )
    page = store.query(QUERY)
    assert (page.scanned, page.rcu, page.unmetered) == (3, 2.5, 2)


def test_an_answer_of_something_in_between_says_what_to_check() -> None:
    told = service_error("404", "", "Query", PLACE)
    assert "answered Query with the HTTP status 404, not as DynamoDB does." in told.message
    assert "HTTPS_PROXY" in told.hint


USER = "User: arn:aws:iam::1:user/a is not authorized to perform: dynamodb:Query on resource: "
TABLE = "arn:aws:dynamodb:eu-west-1:1:table/audit-log"


@pytest.mark.parametrize(
    ("detail", "asked", "words"),
    [
        (f"{USER}{TABLE}/index/by-actor because no policy", "", "on the index by-actor of"),
        ("", "by-time", "on the index by-time of audit-log (eu-west-1)."),
        (f"{USER}{TABLE} because no policy", "", "dynamodb:Query on audit-log (eu-west-1)."),
        (
            f"{USER}{TABLE}/index/by-actor with an explicit deny in a service control policy",
            "", "explicitly denies dynamodb:Query on the index by-actor of audit-log. No"
            " other permission overrides it: ask whoever wrote the deny (a service control"
            " policy).",
        ),
    ],
)  # fmt: skip
def test_what_may_not_be_read_is_named(detail: str, asked: str, words: str) -> None:
    told = service_error("AccessDeniedException", detail, "Query", PLACE, index=asked)
    assert words in str(told) and told.kind == "permission"
    assert_reads_well(told)


def test_the_index_that_was_asked_is_named_where_the_service_does_not(
    stubbed: tuple[DynamoStore, Stubber],
) -> None:
    store, stubber = stubbed
    stubber.add_client_error(
        "query", "AccessDeniedException", "no", response_meta={"RequestId": "id-7"}
    )
    with pytest.raises(StoreError, match=r"on the index by-actor of .* Request id: id-7\."):
        store.query(QUERY)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (service_error("500", "", "Query", PLACE), "DynamoDB failed to answer (500)"),
        (service_error("ServiceUnavailable", "", "Query", PLACE), "failed to answer (Service"),
        (
            client_error(botocore.exceptions.ReadTimeoutError(endpoint_url="http://x"), PLACE),
            "no answer in time",
        ),
        (
            client_error(botocore.exceptions.ConnectionClosedError(endpoint_url="x"), PLACE),
            "connection lost",
        ),
    ],
)
def test_a_wait_says_what_it_waits_for(error: StoreError, words: str) -> None:
    said: list[str] = []
    waits = Waits(said.append, threading.Event())
    waits.begin(RunPatience(waits), error, 2, 0.1)
    assert words in said[0] and said[0].endswith(", retrying in 0.1 s, attempt 2")


def test_a_damaged_answer_is_no_lost_connection() -> None:
    from audittui.store.dynamodb.answer import _before_parse

    with pytest.raises(StoreError) as told:
        _before_parse(
            operation_model=None,
            response_dict={"body": b"{}", "headers": {"x-amz-crc32": "1"}, "status_code": 200},
        )
    assert told.value.brief == "response damaged in transit"


@pytest.mark.parametrize(("wanted", "attempts"), [("1", 1), ("3", 3), ("", 5)])
def test_aws_max_attempts_is_how_often_a_request_is_tried(
    monkeypatch: pytest.MonkeyPatch, wanted: str, attempts: int
) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 5)
    if wanted:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", wanted)
    endpoint = f"http://127.0.0.1:{free_port()}"
    store = open_table("audit-log", NATIVE, region="eu-west-1", endpoint_url=endpoint)
    waited: list[int] = []

    class Impatient(Patience):
        def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
            waited.append(attempt)

    with pytest.raises(StoreError):
        store.query(QUERY, Impatient())
    assert len(waited) + 1 == attempts


@pytest.mark.parametrize("wanted", ["x", "0", "-1"])
def test_what_is_no_number_of_attempts_is_refused(
    monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", wanted)
    with pytest.raises(StoreError, match="AWS_MAX_ATTEMPTS") as told:
        open_table("audit-log", NATIVE, region="eu-west-1")
    assert told.value.exit_code == 2


@pytest.mark.parametrize(
    "settings",
    [
        "[profile ops]\nendpoint_url = http://127.0.0.1:1\n",
        "[profile ops]\nservices = mine\n"
        "[services mine]\ndynamodb =\n  endpoint_url = http://127.0.0.1:1\n",
        "[profile ops]\n",
    ],
)
def test_an_endpoint_of_the_aws_configuration_is_not_priced_as_aws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: str
) -> None:
    (tmp_path / "config").write_text(settings)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "ops")
    opened = open_connection(Target(table="t", region="eu-west-1"))
    aws = "endpoint_url" not in settings
    assert opened.billed is aws and opened.price.billed is aws
    opened.store.close()
