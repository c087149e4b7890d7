"""What people see and can do while a table does not answer well: waits told, cancel and quit that
answer at once, credentials that are renewed, appends that land once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from audittui.entry import Draft
from audittui.query.execution import Execution
from audittui.store.dynamodb import open_table
from audittui.writer import AuditLog
from tests.faults.conftest import (
    NATIVE,
    WINDOW,
    Log,
    SmallPages,
    check_complete,
    plan_of,
    reach,
    run,
)
from tests.faults.proxy import Proxy, at, nothing, since
from tests.store.conftest import ENDPOINT, REGION

pytestmark = [
    pytest.mark.dynamodb_local,
    pytest.mark.skipif(
        not ENDPOINT, reason="AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local"
    ),
]

AT_ONCE = 2.0
"""Seconds: far more than at once, far less than the 10 s that a read waits."""


def test_waits_are_told_while_they_last(
    log: Log, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audittui.store.dynamodb.retry.delay", lambda *_: 0.3)
    proxy.plan = lambda number: "throttled" if number in (5, 6, 7) else ""
    told: list[str] = []
    ran = run(plan_of("newest"), SmallPages(reach(log.table, proxy)), drain=False,
              notify=told.append)  # fmt: skip
    check_complete(ran, log.truth("newest"))
    assert re.fullmatch(r"throttled, retrying in 0\.3 s, attempt 2", told[0])
    assert told[-1] == "the table is responding again"
    # What is throttled costs nothing.
    assert proxy.faults == 3 and ran.last.meter.unmetered == 0


@pytest.mark.parametrize("stuck_in", ["an answer", "a wait"])
def test_cancel_answers_at_once(
    log: Log, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, stuck_in: str
) -> None:
    monkeypatch.setattr("audittui.store.dynamodb.retry.delay", lambda *_: 30.0)
    waits = threading.Event()
    proxy.plan = since(9, "stuck" if stuck_in == "an answer" else "throttled")
    store = SmallPages(reach(log.table, proxy))
    execution = Execution(plan_of("oldest"), store, page_rows=8, notify=lambda _: waits.set())
    cancelled: list[float] = []

    def cancel() -> None:
        assert (proxy.stuck if stuck_in == "an answer" else waits).wait(20)
        cancelled.append(time.monotonic())
        execution.cancel()

    threading.Thread(target=cancel).start()
    names = [(row.time, row.chain, row.seq) for page in execution.pages() for row in page.rows]
    assert time.monotonic() - cancelled[0] < AT_ONCE
    truth = log.truth("oldest")
    assert names and names == truth[: len(names)]
    last = execution.latest
    assert last.coverage.stop == "cancelled"
    # What was under way may have cost something; what was throttled did not.
    assert (last.meter.unmetered >= 1) == (stuck_in == "an answer")
    proxy.plan = nothing
    rest = run(plan_of("oldest"), store, drain=False, cursor=last.cursor)
    check_complete(rest, truth[len(names) :])


def command(log: Log, proxy: Proxy, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "audittui", "run", "time-window", "-p", f"window={WINDOW}",
        "--table", log.table, "--region", REGION, "--endpoint-url", proxy.url,
        "--format", "jsonl", *more,
    ]  # fmt: skip


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment without a configuration of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUDITTUI_")}
    return kept | {"AUDITTUI_CONFIG": str(tmp_path / "none.toml")}


def cursor_in(text: str) -> str:
    found = re.search(r"^Cursor: (\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def test_ctrl_c_inside_a_stuck_request_ends_the_program(
    log: Log, proxy: Proxy, environment: dict[str, str]
) -> None:
    # The registry, the description, then the run itself.
    proxy.plan = lambda number: "stuck" if number == 5 else ""
    started = subprocess.Popen(
        command(log, proxy), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment,
    )  # fmt: skip
    try:
        assert proxy.stuck.wait(20)
        interrupted = time.monotonic()
        started.send_signal(signal.SIGINT)
        out, said = started.communicate(timeout=20)
        took = time.monotonic() - interrupted
    finally:
        started.kill()
    assert took < AT_ONCE
    assert started.returncode == 3, said
    assert "cancelled" in said and "partitions read" in said and "Traceback" not in said
    rest = subprocess.run(
        command(log, proxy, "--resume", cursor_in(said)), capture_output=True, text=True,
        env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert rest.returncode == 0, rest.stderr
    assert len(out.splitlines()) + len(rest.stdout.splitlines()) == len(log.names)
    assert not set(out.splitlines()) & set(rest.stdout.splitlines())


@pytest.mark.usefixtures("no_backoff")
def test_a_command_that_fails_says_why_and_how_to_go_on(
    log: Log, proxy: Proxy, environment: dict[str, str], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from audittui.cli.main import run as run_command

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxy.plan = since(5, "cut")
    assert run_command(command(log, proxy)[3:]) == 1
    out, said = capsys.readouterr()
    assert "failed" in said and "A response from DynamoDB arrived cut off. " in said
    proxy.plan = nothing
    assert run_command(command(log, proxy, "--resume", cursor_in(said))[3:]) == 0
    rest = capsys.readouterr()
    assert "complete from" in rest.err
    assert len(out.splitlines()) + len(rest.out.splitlines()) == len(log.names)
    assert not set(out.splitlines()) & set(rest.out.splitlines())


def _credentials(path: Path, key: str) -> None:
    path.write_text(
        f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n"
        "aws_session_token = token\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize("renewed", [True, False])
@pytest.mark.parametrize("drain", [False, True])
def test_credentials_that_expire_are_read_again(
    log: Log, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, renewed: bool,
    drain: bool,
) -> None:  # fmt: skip
    path = tmp_path / "credentials"
    _credentials(path, "old")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    store = SmallPages(reach(log.table, proxy))

    def expire(number: int) -> str:
        if number == 6 and renewed:
            _credentials(path, "new")
        return "expired" if number >= 6 and proxy.keys[-1] == "old" else ""

    proxy.plan = expire
    ran = run(plan_of("newest"), store, drain=drain)
    if renewed:
        check_complete(ran, log.truth("newest"))
        assert set(proxy.keys[:5]) == {"old"} and proxy.keys[-1] == "new"
        return
    error = ran.execution.error
    assert error is not None
    assert error.message == (
        "The AWS credentials (from the credentials file, AWS profile default) have expired."
    )
    assert "aws sso login" in error.hint
    _credentials(path, "new")
    rest = run(plan_of("newest"), store, drain=drain, cursor=ran.last.cursor)
    check_complete(rest, log.truth("newest")[len(ran.names) :])


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("fault", ["cut", "cut before a word", "corrupt", "500", "refused"])
@pytest.mark.parametrize("shape", ["one", "keyed", "many"])
def test_an_append_whose_answer_is_lost_lands_once(
    empty_table: str, proxy: Proxy, fault: str, shape: str
) -> None:
    store = open_table(empty_table, NATIVE, region=REGION, endpoint_url=proxy.url)
    chain = f"{shape}/{fault.replace(' ', '-')}"
    writer = AuditLog(store, chain)
    writer.append(Draft(actor="ann", action="begin"))
    drafts = [
        Draft(actor="ann", action=str(number),
              idempotency_key=f"{chain}-{number}" if shape == "keyed" else None)
        for number in range(3 if shape == "many" else 1)
    ]  # fmt: skip
    proxy.begin(at(1, fault))
    places = writer.append_many(drafts)
    assert proxy.faults == 1
    assert [place.seq for place in places] == list(range(1, len(drafts) + 1))
    assert all(place.added for place in places)
    assert writer.append(Draft(actor="ann", action="end")).seq == len(drafts) + 1
