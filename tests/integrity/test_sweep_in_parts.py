"""A sweep that is stopped and gone on with finds what one sweep finds, whatever was done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.trust import Trust
from audittui.integrity.verifying import sweep as module
from audittui.integrity.verifying.sweep import Sweep
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.integrity.bench import KEY, LAYOUT

CHAIN = "payments/0"
LENGTH = 40
NOW = 1_800_000_000 * 10**6
Found = list[tuple[int, str, bool]]


def swept(
    store: SqliteStore, since: int, trusted: bool, room: Callable[[float], float] | None
) -> tuple[Found, int | None]:
    """The verdicts from a seq on, and where they end early."""
    keys = VerificationSettings(Trust((KEY.verifier,))) if trusted else None
    sweep = Sweep(store, LAYOUT, CHAIN, settings=keys, since=since, clock=lambda: NOW, room=room)
    found = [(one.seq, one.verdict, one.failed) for one in sweep.verdicts()]
    return found, sweep.stopped


@settings(
    max_examples=20, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
@given(
    gone=st.sets(st.integers(0, LENGTH - 2), max_size=12),
    changed=st.sets(st.integers(0, LENGTH - 1), max_size=4),
    sealed=st.integers(0, LENGTH),
    page=st.integers(1, 9),
)
def test_parts_find_what_the_whole_finds(
    gone: set[int], changed: set[int], sealed: int, page: int
) -> None:
    store = SqliteStore(":memory:", LAYOUT)
    AuditLog(store, CHAIN, clock=lambda: NOW).append_many([Draft(actor="a", action="b")] * LENGTH)
    if sealed:
        Sealer(store, LAYOUT, CHAIN, KEY).seal(up_to=sealed)
    for seq in changed:
        item = dict(store.get(LAYOUT.key(CHAIN, seq)).item or {})
        tampering.overwrite(store, {**item, "body": item["body"].replace('"a"', '"c"')})
    for seq in gone:
        tampering.delete(store, LAYOUT.key(CHAIN, seq))
    whole, stopped = swept(store, 0, sealed > 0, None)
    assert stopped is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LEAST", page)
        parts: Found = []
        since: int | None = 0
        while since is not None:
            found, at = swept(store, since, sealed > 0, lambda unpaid: 0.0)
            assert at is None or at > since
            parts += found
            since = at
    assert parts == whole
