"""A table that says nothing: every wait is told, nothing lasts for ever, and what is optional is
done without."""

from __future__ import annotations

import os

import pytest

from audittui.cli.main import run as run_command
from audittui.errors import StoreError
from audittui.store.dynamodb import retry
from audittui.store.port import Patience
from tests.faults.conftest import WINDOW, Log, SmallPages, check_complete, plan_of, reach, run
from tests.faults.proxy import Proxy, at, since
from tests.store.conftest import ENDPOINT, REGION

local = [
    pytest.mark.dynamodb_local,
    pytest.mark.skipif(
        not ENDPOINT, reason="AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local"
    ),
]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is told and given up early."""
    for name in [one for one in os.environ if one.startswith("AUDITTUI_")]:
        if name != "AUDITTUI_TEST_ENDPOINT":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AUDITTUI_CONFIG", "/nowhere.toml")
    monkeypatch.setattr("audittui.store.dynamodb.slow.SLOW_SECONDS", 0.1)
    monkeypatch.setattr("audittui.store.dynamodb.client.READ_SECONDS", 0.6)
    monkeypatch.setattr("audittui.store.dynamodb.retry.ATTEMPTS", 2)
    monkeypatch.setattr("audittui.store.dynamodb.retry.LASTING_SECONDS", 0.0)
    monkeypatch.setattr("audittui.store.dynamodb.retry.delay", lambda *_: 0.0)


def words(log: Log, proxy: Proxy, *command: str) -> list[str]:
    return [
        *command, "--table", log.table, "--region", REGION, "--endpoint-url", proxy.url,
    ]  # fmt: skip


@pytest.mark.usefixtures("soon")
class TestTold:
    """Waits of commands."""

    pytestmark = local

    @pytest.mark.parametrize(
        "command",
        [("run", "time-window", "-p", f"window={WINDOW}"), ("show", "app/0", "3")],
        ids=["planning", "show"],
    )
    def test_a_table_that_never_answers_is_told_while_it_is_waited_for(
        self, log: Log, proxy: Proxy, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
    ) -> None:
        proxy.plan = since(1, "mute")
        assert run_command(words(log, proxy, *command)) == 1
        said = capsys.readouterr().err
        assert f"waiting for {log.table} ({REGION}, 127.0.0.1" in said
        assert "no answer for " in said and "did not answer in time" in said

    def test_a_description_that_hangs_is_done_without(
        self, log: Log, proxy: Proxy, capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("audittui.table_facts.DESCRIBE_SECONDS", 0.1)
        proxy.muted = frozenset({"DescribeTable"})
        done = run_command(words(log, proxy, "run", "time-window", "-p", f"window={WINDOW}",
                                 "--format", "jsonl"))  # fmt: skip
        out, said = capsys.readouterr()
        assert done == 0, said
        assert len(out.splitlines()) == len(log.names)
        assert "Note: DescribeTable did not answer in time" in said

    def test_an_answer_that_drips_has_an_end(
        self, log: Log, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("audittui.aws.deadline.ANSWER_SECONDS", 0.8)
        proxy.plan = since(3, "drip")
        ran = run(plan_of("newest"), SmallPages(reach(log.table, proxy)), drain=False)
        assert ran.execution.error is not None
        assert "did not answer in time" in ran.execution.error.message
        proxy.begin(at(2, "drip"))
        again = run(plan_of("newest"), SmallPages(reach(log.table, proxy)), drain=False)
        check_complete(again, log.truth("newest"))


@pytest.mark.dynamodb_local
@pytest.mark.skipif(not ENDPOINT, reason="AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
def test_a_connection_that_is_lost_while_reading_comes_back(
    log: Log, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audittui.store.dynamodb.retry.delay", lambda *_: 0.0)
    proxy.plan = lambda number: "refused" if 6 <= number < 40 else ""
    ran = run(plan_of("newest"), SmallPages(reach(log.table, proxy)), drain=False)
    check_complete(ran, log.truth("newest"))
    assert proxy.faults == 34


class Counting(Patience):
    """Waits by a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits = 0

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        self.waits += 1
        self.now += seconds


@pytest.mark.parametrize(
    ("kind", "lasting", "least", "most"),
    [("network", True, 30.0, 36.0), ("network", False, 0.0, 4.0), ("throttled", True, 0.0, 40.0)],
)
def test_a_lost_connection_is_tried_again_for_half_a_minute_where_it_was_good(
    monkeypatch: pytest.MonkeyPatch, kind: str, lasting: bool, least: float, most: float
) -> None:
    patience = Counting()
    monkeypatch.setattr(retry.time, "monotonic", lambda: patience.now)

    def fail() -> None:
        raise StoreError("Gone.", kind=kind)

    with pytest.raises(StoreError, match="Gone"):
        retry.patiently(fail, patience, lasting=lasting)
    assert least <= patience.now - 1000.0 <= most
    if not lasting or kind == "throttled":
        assert patience.waits == retry.ATTEMPTS - 1
