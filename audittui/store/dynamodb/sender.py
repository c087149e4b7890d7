"""Sends requests to a table, with retries, reports of slow ones, and renewed credentials."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from audittui.aws.errors import CredentialsExpiredError
from audittui.aws.place import Place
from audittui.store.dynamodb.answer import watch_answers
from audittui.store.dynamodb.errors import told_plainly
from audittui.store.dynamodb.retry import patiently
from audittui.store.dynamodb.slow import SlowCalls, TellingPatience
from audittui.store.port import PATIENT, Patience

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Answer = TypeVar("Answer", bound=Mapping[str, Any])


class Sender:
    """Sends requests to ``place`` through ``client``. Thread-safe.

    ``renew`` makes a new client with this machine's current credentials; it is called when those of
    the old one have expired. ``slow`` reports requests that are not answered.
    """

    def __init__(
        self, client: DynamoDBClient, place: Place, renew: Callable[[], DynamoDBClient] | None
    ) -> None:
        self.client = client
        self.slow = SlowCalls(place.label)
        self._place = place
        self._renew = renew
        self._renewing = threading.Lock()
        self._answered = False
        watch_answers(client)

    def ask(
        self,
        call: Callable[[DynamoDBClient], Answer],
        patience: Patience = PATIENT,
        index: str = "",
    ) -> tuple[Answer, int]:
        """The response to ``call``, and the number of failed attempts. Raises `StoreError`."""
        if patience is PATIENT and self.slow.tell is not None:
            patience = TellingPatience(self.slow.tell)
        answer = patiently(
            lambda: self._watched(call, index), patience, self._place.attempts,
            lasting=self._answered,
        )  # fmt: skip
        self._answered = True
        return answer

    def _watched(self, call: Callable[[DynamoDBClient], Answer], index: str) -> Answer:
        with self.slow.call():
            return self._once(call, index)

    def _once(self, call: Callable[[DynamoDBClient], Answer], index: str) -> Answer:
        client = self.client
        try:
            with told_plainly(self._place, index):
                return call(client)
        except CredentialsExpiredError:
            if self._renew is None:
                raise
        with self._renewing:
            # Another thread may already have renewed it.
            if self.client is client:
                self.client = self._renew()
                watch_answers(self.client)
            client = self.client
        with told_plainly(self._place, index):
            return call(client)
