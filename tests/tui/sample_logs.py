"""Logs that several tests show: hostile values, sprayed passwords, a forged entry."""

from __future__ import annotations

import unicodedata

from audittui import timestamp
from audittui.entry import Draft
from audittui.store.sqlite import SqliteStore
from tests import tampering
from tests.tui.driving import HOSTILE, NOW, drafts, filled

ACTS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def harmless(text: str) -> bool:
    """Whether nothing in a text acts on a terminal or hides."""
    return not any(unicodedata.category(one) in ACTS for one in text if one != "\n")


def tampered() -> SqliteStore:
    """The log of `drafts` in which entry 28 names another actor than it was written with."""
    store = filled(drafts())
    item = dict(store.get({"pk": "entry#app/0", "sk": f"{28:020d}"}).item or {})
    item["body"] = item["body"].replace("bob", "carol")
    tampering.overwrite(store, item)
    return store


def hostile_log() -> list[Draft]:
    """An entry for each of ``HOSTILE``, which is in all of its fields."""
    return [
        Draft(
            actor=value, action=value, resource=value, outcome="denied", reason=value,
            source_ip=value[:40], details={"value": value * (20 if name == "long" else 1)},
            before={value[:60]: value}, after={value[:60]: value + "!"},
            time=timestamp.text(NOW - (at + 1) * timestamp.SECOND),
        )
        for at, (name, value) in enumerate(HOSTILE.items())
    ]  # fmt: skip


def spraying() -> list[Draft]:
    """Logins that fail: 12 by mallory, 6 by bob, from three addresses."""
    return [
        Draft(
            actor="mallory" if at < 12 else "bob",
            action="auth.login",
            resource="user/x",
            outcome="failure",
            source_ip=f"203.0.113.{at % 3}",
            time=timestamp.text(NOW - (3600 - 5 * at) * timestamp.SECOND),
        )
        for at in range(18)
    ]
