"""Reports requests to AWS and their responses, a line each, for ``--verbose``."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from audittui.escape import escaped, shortened

_LONGEST = 1_000
"""The most characters of a request's arguments that are shown."""
_KEY = "audittui"
_TABLES = "dynamodb"


def tell_requests(session: Any, tell: Callable[[str], None]) -> None:
    """Report every request of the clients that botocore's ``session`` creates from now on.

    One line when it is sent: its number, its arguments (for the table only; others carry secrets)
    and the attempt. One line when it is answered: status, units, milliseconds, request id.
    """
    teller = _Teller(tell)
    session.register("before-call", teller.before)
    session.register("response-received", teller.received)


class _Teller:
    """``failed`` counts the failed attempts at a request, by its body."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._numbers = itertools.count(1)
        self._failed: dict[object, int] = {}
        self._lock = threading.Lock()

    def before(self, model: Any, params: Any, context: Any, **_: Any) -> None:
        service = str(model.service_model.service_name)
        name = model.name if service == _TABLES else f"{service} {model.name}"
        body = params.get("body") if service == _TABLES else b""
        number = next(self._numbers)
        context[_KEY] = [number, name, time.monotonic(), body]
        with self._lock:
            attempt = self._failed.get(body, 0) + 1 if body else 1
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
        again = f", attempt {attempt}" if attempt > 1 else ""
        asked = f": {shortened(escaped(text), _LONGEST)}" if text else ""
        self._tell(f"> {number} {name}{again}{asked}")

    def received(
        self, context: Any, parsed_response: Any = None, exception: Any = None, **_: Any
    ) -> None:
        number, name, begun, body = context.get(_KEY) or (0, "request", time.monotonic(), b"")
        took = f"{(time.monotonic() - begun) * 1000:,.0f} ms"
        answer: dict[str, Any] = parsed_response or {}
        metadata = answer.get("ResponseMetadata", {})
        error = answer.get("Error", {}).get("Code", "")
        failed = exception is not None or bool(error)
        with self._lock:
            if body and failed:
                self._failed[body] = self._failed.get(body, 0) + 1
            elif body:
                self._failed.pop(body, None)
        if exception is not None:
            said = shortened(escaped(" ".join(str(exception).split())), 300)
            self._tell(f"< {number} {name}: no answer, {took}: {said}")
            return
        parts = [str(metadata.get("HTTPStatusCode", "?"))]
        if error:
            parts[0] += f" {error}"
        consumed = answer.get("ConsumedCapacity")
        if isinstance(consumed, dict) and "CapacityUnits" in consumed:
            parts.append(f"{consumed['CapacityUnits']:g} units")
        parts.append(took)
        if metadata.get("RequestId"):
            parts.append(f"request id {metadata['RequestId']}")
        self._tell(f"< {number} {name}: {escaped(', '.join(parts))}")
