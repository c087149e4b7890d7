"""What passes by itself is tried again, and shown; what does not is said at once."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import botocore.exceptions
import pytest
from botocore import xform_name

from audittui.aws.place import Place
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.dynamodb import open_table
from audittui.store.dynamodb.client import DESCRIBE_OPERATIONS, READ_OPERATIONS
from audittui.store.dynamodb.retry import ATTEMPTS, LONGEST, PASSING, delay
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.port import KeyTakenError, Patience, Query

from .answering import CONSUMED, Answer, checked, client_answering, page, refused, wire

NATIVE = load_layout("native")
PLACE = Place("audit-log", "eu-west-1", "")
QUERY = Query(index="", partition=("pk", "p"), sort="sk")
KEY = {"pk": "p", "sk": "1"}
ITEMS = [{**KEY, "hash": b"\x00\xff", "body": "x" * 300}]
BODY = wire(page(ITEMS))
GOOD = checked(BODY)
URL = "http://x"


def damaged(answer: Answer, at: int = 60) -> Answer:
    """The answer with one byte changed, its headers as they were."""
    body = bytearray(answer.body)
    body[at] ^= 1
    return answer._replace(body=bytes(body))


def cut(answer: Answer, at: int = 200) -> Answer:
    """The first bytes of the answer, under the headers of the whole."""
    return answer._replace(body=answer.body[:at])


PASSING_FAULTS: dict[str, tuple[Answer | Exception, str]] = {
    "a byte changed": (damaged(GOOD), "network"),
    "a byte of a value changed": (damaged(GOOD, BODY.index(b"xxx")), "network"),
    "cut off": (cut(GOOD), "network"),
    "cut off, without a checksum": (
        cut(GOOD)._replace(headers={"Content-Length": str(len(BODY))}),
        "network",
    ),
    "cut off before the first byte": (cut(GOOD, 0), "network"),
    "an error that is cut off": (cut(refused("ValidationException"), 20), "network"),
    "500": (refused("InternalServerError", 500), "network"),
    "500 of a proxy": (Answer(b"<html>Oops</html>", 500), "network"),
    "503 without a word": (Answer(b"", 503), "network"),
    "throttled": (refused("ThrottlingException"), "throttled"),
    "over the capacity": (refused("ProvisionedThroughputExceededException"), "throttled"),
    "over the account's limit": (refused("RequestLimitExceeded"), "throttled"),
    "refused connection": (
        botocore.exceptions.EndpointConnectionError(endpoint_url=URL),
        "network",
    ),
    "connection cut": (
        botocore.exceptions.ConnectionClosedError(endpoint_url=URL, request=None),
        "network",
    ),
    "no answer": (botocore.exceptions.ReadTimeoutError(endpoint_url=URL), "network"),
    "no connection": (botocore.exceptions.ConnectTimeoutError(endpoint_url=URL), "network"),
    "handshake cut": (
        botocore.exceptions.SSLError(endpoint_url=URL, error="EOF occurred"),
        "network",
    ),
}
LASTING_FAULTS: dict[str, tuple[Answer | Exception, str]] = {
    "no table": (refused("ResourceNotFoundException"), "missing_table"),
    "not allowed": (refused("AccessDeniedException"), "permission"),
    "wrong": (refused("ValidationException"), "invalid"),
    "wrong keys": (refused("UnrecognizedClientException"), "credentials"),
    "unknown": (refused("SomethingNewException"), "other"),
    "no DynamoDB": (Answer(b"<html>Log in</html>"), "other"),
    "a certificate that is not trusted": (
        botocore.exceptions.SSLError(endpoint_url=URL, error="CERTIFICATE_VERIFY_FAILED"),
        "other",
    ),
}


class Recorded(Patience):
    """Waits for nothing and keeps what it was told; ``gives_up_at`` is an attempt."""

    def __init__(self, gives_up_at: int = 0) -> None:
        self.waits: list[tuple[str, int]] = []
        self.gives_up_at = gives_up_at

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        assert 0.0 <= seconds <= LONGEST
        self.waits.append((error.kind, attempt))
        if attempt == self.gives_up_at:
            raise error


class Script:
    """Answers one after the other, and the requests that they answered."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[Any] = []

    def __call__(self, request: Any) -> Answer | Exception:
        self.requests.append(request)
        return self.answers.pop(0)


def scripted(*answers: Answer | Exception) -> tuple[DynamoStore, Script]:
    script = Script(*answers)
    return DynamoStore(client_answering(script), PLACE, NATIVE), script


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Methods without a patience of the caller's do not sleep."""
    monkeypatch.setattr("audittui.store.port.time.sleep", lambda _: None)


@pytest.mark.parametrize("fault", PASSING_FAULTS)
def test_what_passes_is_tried_again(fault: str) -> None:
    answer, kind = PASSING_FAULTS[fault]
    store, script = scripted(answer, answer, GOOD)
    patience = Recorded()
    found = store.query(QUERY, patience)
    assert found.items == ITEMS
    # What is throttled costs nothing; what is lost may have.
    assert (found.rcu, found.unmetered) == (0.5, 0 if kind == "throttled" else 2)
    assert patience.waits == [(kind, 2), (kind, 3)]
    assert len(script.requests) == 3


@pytest.mark.parametrize("fault", PASSING_FAULTS)
def test_what_does_not_pass_in_the_end_is_said(fault: str) -> None:
    answer, kind = PASSING_FAULTS[fault]
    store, script = scripted(*[answer] * ATTEMPTS)
    patience = Recorded()
    with pytest.raises(StoreError) as told:
        store.query(QUERY, patience)
    assert told.value.kind == kind
    assert told.value.hint
    assert [attempt for _, attempt in patience.waits] == [2, 3, 4, 5]
    assert len(script.requests) == ATTEMPTS


@pytest.mark.parametrize("fault", LASTING_FAULTS)
def test_what_will_not_pass_is_said_at_once(fault: str) -> None:
    answer, kind = LASTING_FAULTS[fault]
    store, script = scripted(answer)
    patience = Recorded()
    with pytest.raises(StoreError) as told:
        store.query(QUERY, patience)
    assert told.value.kind == kind
    assert (patience.waits, len(script.requests)) == ([], 1)


def test_the_caller_may_give_up() -> None:
    throttled, _ = PASSING_FAULTS["throttled"]
    store, script = scripted(throttled, throttled)
    with pytest.raises(StoreError) as told:
        store.query(QUERY, Recorded(gives_up_at=3))
    assert (told.value.kind, len(script.requests)) == ("throttled", 2)


def test_waits_grow_and_are_random_and_bounded() -> None:
    for kind, first in PASSING.items():
        error = StoreError("", kind=kind)
        for attempt in range(2, 12):
            most = min(LONGEST, first * 2 ** (attempt - 2))
            waits = [delay(error, attempt) for _ in range(200)]
            assert all(0.0 <= seconds <= most for seconds in waits)
            # Full jitter: some wait hardly, some nearly as long as they may.
            assert min(waits) < most / 4 and max(waits) > most * 3 / 4


PUT_BODY = wire({"ConsumedCapacity": CONSUMED})
OTHERS: dict[str, tuple[Callable[[DynamoStore], Any], bytes]] = {
    "get": (lambda store: store.get(KEY), wire({"Item": page(ITEMS)["Items"][0],
                                                "ConsumedCapacity": CONSUMED})),
    "describe": (lambda store: store.describe(), wire({"Table": {"ItemCount": 3}})),
    "put": (lambda store: store.put_new(ITEMS[0]), PUT_BODY),
    "transaction": (lambda store: store.put_new_many(ITEMS), wire({"ConsumedCapacity": []})),
}  # fmt: skip


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.usefixtures("no_waiting")
def test_every_method_tries_again(method: str) -> None:
    call, body = OTHERS[method]
    good = checked(body)
    store, script = scripted(
        damaged(good, 5), cut(good, 5), refused("ThrottlingException"), Answer(b"", 500), good
    )
    call(store)
    assert len(script.requests) == ATTEMPTS


@pytest.mark.usefixtures("no_waiting")
def test_all_attempts_at_a_transaction_are_one_transaction() -> None:
    cut_off = botocore.exceptions.ConnectionClosedError(endpoint_url=URL, request=None)
    store, script = scripted(cut_off, cut_off, checked(wire({"ConsumedCapacity": []})))
    store.put_new_many(ITEMS)
    tokens = [json.loads(request.body)["ClientRequestToken"] for request in script.requests]
    assert len(tokens) == 3 and len(set(tokens)) == 1
    store, script = scripted(*[checked(wire({"ConsumedCapacity": []}))] * 2)
    store.put_new_many(ITEMS)
    store.put_new_many(ITEMS)
    tokens = [json.loads(request.body)["ClientRequestToken"] for request in script.requests]
    assert len(set(tokens)) == 2


@pytest.mark.usefixtures("no_waiting")
def test_a_put_that_had_landed_finds_itself() -> None:
    there = wire({
        "__type": "x#ConditionalCheckFailedException", "Item": page(ITEMS)["Items"][0],
    })  # fmt: skip
    cut_off = botocore.exceptions.ConnectionClosedError(endpoint_url=URL, request=None)
    store, _ = scripted(cut_off, checked(there, 400))
    with pytest.raises(KeyTakenError) as taken:
        store.put_new(ITEMS[0])
    assert taken.value.existing == ITEMS[0]


def take_request(request: BinaryIO) -> None:
    """Read one request of HTTP."""
    length = 0
    while (line := request.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    request.read(length)


class Wire:
    """A server that speaks HTTP by hand, so that it can break off."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = list(replies)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        for reply in self.replies:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                # What stays unread would make the system reset the connection.
                with connection.makefile("rb") as request:
                    take_request(request)
                connection.sendall(reply)

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


def reply(answer: Answer, chunked: bool = False) -> bytes:
    headers = dict(answer.headers)
    body = answer.body
    if chunked:
        del headers["Content-Length"]
        headers["Transfer-Encoding"] = "chunked"
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} OK\r\nConnection: close\r\n{lines}\r\n".encode() + body


@pytest.fixture
def serve() -> Iterator[Callable[..., Wire]]:
    servers: list[Wire] = []

    def start(*replies: bytes) -> Wire:
        servers.append(Wire(*replies))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_closing_a_store_closes_its_connections() -> None:
    ended = threading.Event()

    def serve_one() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as request:
            take_request(request)
            connection.sendall(reply(GOOD).replace(b"Connection: close", b"Connection: keep-alive"))
            if request.read(1) == b"":
                ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve_one, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        store = open_table("audit-log", NATIVE, region="eu-west-1", endpoint_url=address)
        assert store.query(QUERY).items == ITEMS
        assert not ended.is_set()
        store.close()
        assert ended.wait(10)
        thread.join()


@pytest.mark.parametrize("chunked", [False, True])
def test_connections_that_break(serve: Callable[..., Wire], chunked: bool) -> None:
    whole = reply(GOOD, chunked)
    random.seed(7)
    # The last place is inside the body in both framings.
    places = [0, 10, random.randrange(whole.index(b"\r\n\r\n"), len(whole) - 8), len(whole) - 8]
    server = serve(*[whole[:at] for at in places], whole)
    patience = Recorded()
    store = open_table("audit-log", NATIVE, region="eu-west-1", endpoint_url=server.address)
    found = store.query(QUERY, patience)
    store.close()
    assert found.items == ITEMS
    assert found.unmetered == len(places)
    assert [kind for kind, _ in patience.waits] == ["network"] * len(places)


def credentials(path: Path, key: str) -> None:
    path.write_text(
        f"[default]\naws_access_key_id = {key}\naws_secret_access_key = s\naws_session_token = t\n",
        encoding="utf-8",
    )


@pytest.fixture
def credentials_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    credentials(path, "OLDKEY")
    return path


class Bouncer:
    """Answers what bears the key ``good``; the rest has expired."""

    def __init__(self, code: str) -> None:
        self.good = "OLDKEY"
        self.code = code
        self.keys: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, request: Any) -> Answer:
        header = request.headers["Authorization"]
        text = header.decode() if isinstance(header, bytes) else header
        key = text.split("Credential=")[1].split("/")[0]
        with self._lock:
            self.keys.append(key)
        return GOOD if key == self.good else refused(self.code)


def renewing_store(bouncer: Bouncer) -> DynamoStore:
    def connect() -> Any:
        return client_answering(bouncer, operations=READ_OPERATIONS)

    return DynamoStore(connect(), PLACE, NATIVE, renew=connect)


@pytest.mark.parametrize("code", ["ExpiredTokenException", "ExpiredToken", "RequestExpired"])
def test_credentials_that_were_renewed_meanwhile_are_taken(
    credentials_file: Path, code: str
) -> None:
    bouncer = Bouncer(code)
    store = renewing_store(bouncer)
    assert store.query(QUERY).items == ITEMS
    bouncer.good = "NEWKEY"
    credentials(credentials_file, "NEWKEY")
    patience = Recorded()
    assert store.query(QUERY, patience).items == ITEMS
    assert store.query(QUERY, patience).items == ITEMS
    assert bouncer.keys == ["OLDKEY", "OLDKEY", "NEWKEY", "NEWKEY"]
    assert patience.waits == []


def test_damage_is_noticed_after_credentials_were_renewed(credentials_file: Path) -> None:
    bouncer = Bouncer("ExpiredTokenException")
    damaged = GOOD._replace(body=GOOD.body.replace(b"a", b"b", 1))
    assert damaged.body != GOOD.body and len(damaged.body) == len(GOOD.body)
    answers: list[Answer] = []

    def answer(request: Any) -> Answer:
        found = bouncer(request)
        return answers.pop() if found is GOOD and answers else found

    def connect() -> Any:
        return client_answering(answer, operations=READ_OPERATIONS)

    store = DynamoStore(connect(), PLACE, NATIVE, renew=connect)
    bouncer.good = "NEWKEY"
    credentials(credentials_file, "NEWKEY")
    assert store.query(QUERY, Recorded()).items == ITEMS
    answers.append(damaged)
    patience = Recorded()
    assert store.query(QUERY, patience).items == ITEMS
    assert [kind for kind, _ in patience.waits] == ["network"]


@pytest.mark.usefixtures("credentials_file")
def test_credentials_that_have_expired_are_said_plainly() -> None:
    bouncer = Bouncer("ExpiredTokenException")
    bouncer.good = "NEWKEY"
    with pytest.raises(StoreError) as told:
        renewing_store(bouncer).query(QUERY, Recorded())
    assert told.value.kind == "credentials"
    assert "expired" in told.value.message
    assert "aws sso login" in told.value.hint
    assert bouncer.keys == ["OLDKEY", "OLDKEY"]


def test_many_threads_renew_once(credentials_file: Path) -> None:
    bouncer = Bouncer("ExpiredTokenException")
    made: list[Any] = []

    def connect() -> Any:
        made.append(client_answering(bouncer, operations=READ_OPERATIONS))
        return made[-1]

    store = DynamoStore(connect(), PLACE, NATIVE, renew=connect)
    bouncer.good = "NEWKEY"
    credentials(credentials_file, "NEWKEY")
    pages: list[Any] = []
    threads = [threading.Thread(target=lambda: pages.append(store.query(QUERY))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [page.items for page in pages] == [ITEMS] * 8
    assert len(made) == 2


def least(shape: Any) -> Any:
    """The least value that a shape of the service's model takes."""
    if shape.type_name == "structure":
        return {name: least(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [least(shape.member)] * max(1, shape.metadata.get("min", 1))
    if shape.type_name == "map":
        return {"name": least(shape.value)}
    if shape.type_name == "string":
        return (shape.enum or ["x" * max(3, shape.metadata.get("min", 3))])[0]
    return {"boolean": True, "blob": b"x", "timestamp": 0}.get(shape.type_name, 1)


@pytest.mark.parametrize("allowed", [READ_OPERATIONS, DESCRIBE_OPERATIONS])
def test_a_reader_sends_no_operation_that_is_not_a_read(allowed: frozenset[str]) -> None:
    sent: list[str] = []

    def answer(request: Any) -> Answer:
        sent.append(request.headers["X-Amz-Target"].decode().partition(".")[2])
        return checked(b"{}")

    client = client_answering(answer, operations=allowed)
    operations = client.meta.service_model.operation_names
    assert {"PutItem", "UpdateItem", "DeleteTable", "ExecuteStatement"} <= set(operations)
    for name in operations:
        model = client.meta.service_model.operation_model(name)
        arguments = least(model.input_shape) if model.input_shape else {}
        call = getattr(client, xform_name(name))
        if name in allowed:
            call(**arguments)
            continue
        with pytest.raises(StoreError) as told:
            call(**arguments)
        assert told.value.kind == "permission"
        assert name in told.value.message
    assert set(sent) == allowed
    assert all(
        name in ("Query", "GetItem", "BatchGetItem") or name[:8] == "Describe" for name in sent
    )
