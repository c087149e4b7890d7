"""Tries again what passes by itself, where the caller can see it and stop it.

botocore repeats requests too, but silently, and sleeps where nobody can wake it: the store's
client makes one attempt a call, and the waiting is the caller's (`Patience`).
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
"""Attempts a request, the first one included."""
LASTING_SECONDS = 30.0
"""How long a connection is tried again that was good before and is lost."""
_LAST_SECONDS = 0.1
LONGEST = 20.0
"""No wait is longer, in seconds."""
PASSING = {"throttled": 1.0, "network": 0.1}
"""The kinds of errors that pass by themselves, and their first wait at most, in seconds.

Throttling ends when time has passed; a connection that was cut is often good again at once.
"""


def delay(error: StoreError, attempt: int) -> float:
    """The seconds to wait before attempt number ``attempt`` (2 is the first repeat).

    Exponential backoff with full jitter. Source: AWS Architecture Blog, "Exponential Backoff And
    Jitter"; AWS SDKs and Tools reference guide, "Retry behavior".
    """
    return random.uniform(0.0, min(LONGEST, PASSING[error.kind] * 2.0 ** (attempt - 2)))


def patiently(
    call: Callable[[], T], patience: Patience, attempts: int = 0, *, lasting: bool = False
) -> tuple[T, int]:
    """What ``call`` returns, and the number of attempts before it that may have cost something.

    Throttling and failures of the network and of the service are tried again, with ``patience`` in
    between; ``attempts`` are made at most, `ATTEMPTS` where it is 0. Those of the network are made
    for `LASTING_SECONDS` at least where it was ``lasting`` before. Raises the last attempt's
    `StoreError`; every other error at once.
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
                # The last attempt is made when the time is over, not long after it.
                seconds = min(seconds, left + _LAST_SECONDS)
            patience.wait(error, failed + 1, seconds)
