"""A proxy between a client and DynamoDB Local that does to answers what networks and services do.

Which request meets which fault is a plan: requests are numbered as they arrive, from 1.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Plan = Callable[[int], str]
"""The fault that a request meets, by its number; empty for none."""

ERRORS = {
    "throttled": (400, "ThrottlingException", "Rate exceeded"),
    "over capacity": (400, "ProvisionedThroughputExceededException", "Too much"),
    "500": (500, "InternalServerError", "Internal server error"),
    "expired": (400, "ExpiredTokenException", "The security token is expired"),
    "denied": (403, "AccessDeniedException", "You may not"),
}
"""Answered in the service's place; the request never reaches it."""
DELAY = 0.05
"""Seconds that a late answer is late."""
DRIP = 0.1
"""Seconds between the bytes of an answer that drips."""
FAULTS = (
    *ERRORS, "503 without a word", "late", "cut", "cut before a word", "refused", "corrupt", "stuck"
)  # fmt: skip
"""Every fault that a run is tried with; ``drip`` sends a byte now and then, ``mute`` takes the
connection and never answers. ``cut``, ``corrupt``, ``stuck`` and ``cut before a word`` happen after
the service did its work, the others before."""


def nothing(_: int) -> str:
    return ""


def at(number: int, fault: str) -> Plan:
    """One request meets ``fault``."""
    return lambda one: fault if one == number else ""


def since(number: int, fault: str) -> Plan:
    """Request ``number`` and all after it meet ``fault``."""
    return lambda one: fault if one >= number else ""


class Proxy(ThreadingHTTPServer):
    """The proxy on a free port, with a ``plan`` that may be changed at any time.

    ``met`` holds the operation and the fault of every request so far, ``keys`` the access key that
    it was signed with (that of the present one, when the plan is asked, is the last). ``stuck`` is
    set once a request is stuck.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(endpoint).netloc
        self.plan: Plan = nothing
        self.muted: frozenset[str] = frozenset()
        """Operations that are never answered, whatever the plan is."""
        self.met: list[tuple[str, str]] = []
        self.keys: list[str] = []
        self.stuck = threading.Event()
        self.released = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def faults(self) -> int:
        """How many requests met a fault."""
        return sum(1 for _, fault in self.met if fault)

    def begin(self, plan: Plan) -> None:
        """Count from 1 again, with another plan. Nothing may be in flight."""
        with self._lock:
            self.met.clear()
            self.plan = plan

    def meet(self, operation: str, authorization: str) -> str:
        """Number one request; the fault it meets."""
        with self._lock:
            self.keys.append(authorization.partition("Credential=")[2].partition("/")[0])
            fault = "mute" if operation in self.muted else self.plan(len(self.met) + 1)
            self.met.append((operation, fault))
            return fault

    def handle_error(self, *_: Any) -> None:
        """Nothing: clients that hang up are what is tested here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Proxy

    def setup(self) -> None:
        super().setup()
        self.service = http.client.HTTPConnection(self.server.upstream, timeout=30)

    def finish(self) -> None:
        self.service.close()
        with suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        fault = self.server.meet(operation, self.headers.get("Authorization", ""))
        if fault in ERRORS:
            status, code, message = ERRORS[fault]
            name = f"com.amazonaws.dynamodb.v20120810#{code}"
            self._answer(status, json.dumps({"__type": name, "message": message}).encode())
        elif fault == "503 without a word":
            self._answer(503, b"")
        elif fault == "refused":
            self._hang_up()
        elif fault == "mute":
            self.server.stuck.set()
            self.server.released.wait()
            self._hang_up()
        else:
            self._pass_on(body, fault)

    def _pass_on(self, body: bytes, fault: str) -> None:
        if fault == "late":
            self.server.released.wait(DELAY)
        self.service.request("POST", self.path, body, dict(self.headers))
        answer = self.service.getresponse()
        true = answer.read()
        if fault == "stuck":
            self.server.stuck.set()
            self.server.released.wait()
            self._hang_up()
        elif fault == "drip":
            self._drip(true)
        elif fault == "cut before a word":
            self._hang_up()
        elif fault == "cut":
            self._answer(answer.status, true, true[: len(true) // 2])
            self._hang_up()
        elif fault == "corrupt":
            # Somewhere behind the middle: in the items, mostly, where the JSON stays right.
            damaged = bytearray(true)
            damaged[len(true) // 2] ^= 1
            self._answer(answer.status, true, bytes(damaged))
        else:
            self._answer(answer.status, true)

    def _answer(self, status: int, true: bytes, sent: bytes | None = None) -> None:
        """Send ``sent`` under the headers of the ``true`` body."""
        head = (
            f"HTTP/1.1 {status} -\r\nContent-Type: application/x-amz-json-1.0\r\n"
            f"Content-Length: {len(true)}\r\nx-amz-crc32: {zlib.crc32(true)}\r\n\r\n"
        )
        self.wfile.write(head.encode() + (true if sent is None else sent))
        self.wfile.flush()

    def _drip(self, true: bytes) -> None:
        """Send the answer byte by byte, until nobody listens."""
        self._answer(200, true, b"")
        with suppress(OSError):
            for at in range(len(true)):
                if self.server.released.wait(DRIP):
                    break
                self.wfile.write(true[at : at + 1])
                self.wfile.flush()
        self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def proxied(endpoint: str, plan: Plan = nothing) -> Iterator[Proxy]:
    """A running proxy before ``endpoint``."""
    proxy = Proxy(endpoint)
    proxy.plan = plan
    thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.released.set()
        proxy.shutdown()
        thread.join()
        proxy.socket.close()
