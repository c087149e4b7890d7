"""Retries transient errors in a way that the caller can see and stop.

botocore retries too, but silently and with a sleep that cannot be interrupted. So the store's
client makes one attempt for each call, and the caller does the waiting (`Patience`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from audittui.errors import StoreError
from audittui.store.port import Patience, cost_unknown

T = TypeVar("T")

ATTEMPTS = 5
"""Attempts for each request, including the first one."""
LASTING_SECONDS = 30.0
"""How long a connection that worked before is retried after it is lost, in seconds."""
_LAST_SECONDS = 0.1
LONGEST = 20.0
"""The longest wait, in seconds."""
PASSING = {"throttled": 1.0, "network": 0.1}
"""The kinds of transient errors, and the longest first wait for each, in seconds.

Throttling takes time to end; a broken connection often works again immediately.
"""


def delay(error: StoreError, attempt: int) -> float:
    """The seconds to wait before attempt number ``attempt`` (2 is the first retry).

    Exponential backoff with full jitter. Source: AWS Architecture Blog, "Exponential Backoff And
    Jitter"; AWS SDKs and Tools reference guide, "Retry behavior".
    """
    return random.uniform(0.0, min(LONGEST, PASSING[error.kind] * 2.0 ** (attempt - 2)))


def patiently(
    call: Callable[[], T], patience: Patience, attempts: int = 0, *, lasting: bool = False
) -> tuple[T, int]:
    """The result of ``call``, and the number of failed attempts that may have cost something.

    Throttling and failures of the network and of the service are retried, with ``patience`` in
    between, up to ``attempts`` attempts (0 means `ATTEMPTS`). Network failures of a connection that
    was ``lasting`` before are retried for at least `LASTING_SECONDS`. Raises the last attempt's
    `StoreError`, and any other error immediately.
    """
    failed = lost = 0
    most = attempts or ATTEMPTS
    until = time.monotonic() + LASTING_SECONDS if lasting else 0.0
    while True:
        try:
            return call(), lost
        except StoreError as error:
            failed += 1
            lost += cost_unknown(error)
            left = until - time.monotonic() if error.kind == "network" and lasting else 0.0
            if error.kind not in PASSING or (failed >= most and left <= 0):
                raise
            seconds = delay(error, failed + 1)
            if failed >= most:
                # The last attempt is made when the time is up, not long after.
                seconds = min(seconds, left + _LAST_SECONDS)
            patience.wait(error, failed + 1, seconds)
