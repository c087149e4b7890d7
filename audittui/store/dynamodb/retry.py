"""Tries again what passes by itself, where the caller can see it and stop it.

botocore repeats requests too, but silently, and sleeps where nobody can wake it: the store's
client makes one attempt a call, and the waiting is the caller's (`Patience`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from audittui.errors import StoreError
from audittui.store.port import Patience

T = TypeVar("T")

ATTEMPTS = 5
"""Attempts a request, the first one included."""
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


def patiently(call: Callable[[], T], patience: Patience, attempts: int = 0) -> tuple[T, int]:
    """What ``call`` returns, and the number of attempts that failed before.

    Throttling and failures of the network and of the service are tried again, with ``patience`` in
    between; ``attempts`` are made at most, `ATTEMPTS` where it is 0. Raises the last attempt's
    `StoreError`; every other error at once.
    """
    failed = 0
    while True:
        try:
            return call(), failed
        except StoreError as error:
            failed += 1
            if error.kind not in PASSING or failed >= (attempts or ATTEMPTS):
                raise
            patience.wait(error, failed + 1, delay(error, failed + 1))
