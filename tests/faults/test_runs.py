"""At every point of a run, whatever happens: no row lost, none twice, the order exact, the coverage
true, the error one sentence; and resuming completes the rest."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.runbook.plan import Order, Plan
from tests.faults.conftest import Log, Ran, SmallPages, check_complete, plan_of, reach, run
from tests.faults.proxy import FAULTS, Proxy, at, nothing, proxied, since
from tests.store.conftest import ENDPOINT

pytestmark = [
    pytest.mark.dynamodb_local,
    pytest.mark.skipif(
        not ENDPOINT, reason="AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local"
    ),
    pytest.mark.usefixtures("no_backoff"),
]

PASSING = [fault for fault in FAULTS if fault != "denied"]
"""One of these does not end a run."""
LASTING = [fault for fault in FAULTS if fault != "late"]
"""These end a run when they go on."""
SAID = {
    "throttled": "is throttling",
    "over capacity": "is throttling",
    "500": "failed to answer (InternalServerError)",
    "expired": "The AWS credentials (from the environment: AWS_ACCESS_KEY_ID) have expired.",
    "denied": "may not call dynamodb:Query",
    "503 without a word": "failed to answer (503)",
    "cut": "arrived cut off",
    "cut before a word": "cannot be reached",
    "refused": "cannot be reached",
    "corrupt": "arrived damaged",
    "stuck": "did not answer in time",
}
FREE = ("expired", "denied", "throttled", "over capacity")
"""What is refused with these costs nothing."""
REQUESTS = 12
"""A run without faults has at least so many."""


def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that gets no answer is given up soon."""
    monkeypatch.setattr("audittui.store.dynamodb.client.READ_SECONDS", 0.8)


def check_stopped(ran: Ran, truth: list[tuple[int, str, int]], order: Order) -> None:
    """The rows are the first of the truth, and nothing more is claimed."""
    coverage = ran.last.coverage
    assert ran.names == truth[: len(ran.names)]
    assert coverage.stop == "error" and not coverage.complete and ran.last.cursor
    error = ran.execution.error
    assert error is not None and error.hint and coverage.error == error.message
    assert re.fullmatch(r"[^\n]+[^.\n]\.", error.message) and ". " not in error.message
    assert error.message.rstrip(".") in coverage.text()
    reached = coverage.reached
    if reached is not None:
        newest = order == "newest"
        within = [name for name in truth if (name[0] > reached if newest else name[0] < reached)]
        assert set(within) <= set(ran.names)


def read_through(log: Log, proxy: Proxy, plan: Plan, drain: bool) -> Ran:
    """Read everything, resume when it stopped, and hold the whole to the truth."""
    store, truth = SmallPages(reach(log.table, proxy)), log.truth(plan.order)
    ran = run(plan, store, drain=drain)
    if ran.execution.error is None:
        check_complete(ran, truth)
        return ran
    check_stopped(ran, truth, plan.order)
    proxy.plan = nothing
    rest = run(plan, store, drain=drain, cursor=ran.last.cursor)
    check_complete(rest, truth[len(ran.names) :])
    return ran


WAYS = {
    "newest": (plan_of("newest"), False),
    "oldest-drain": (plan_of("oldest"), True),
    "one-partition-oldest": (plan_of("oldest", one_partition=True), False),
    "one-partition-newest-drain": (plan_of("newest", one_partition=True), True),
}
"""What is read, and whether everything is wanted at once."""
every_way = pytest.mark.parametrize(("plan", "drain"), WAYS.values(), ids=WAYS)
two_ways = pytest.mark.parametrize(
    ("plan", "drain"),
    [WAYS["newest"], WAYS["one-partition-newest-drain"]],
    ids=["newest", "one-partition-newest-drain"],
)


@every_way
def test_the_proxy_itself_does_no_harm(log: Log, proxy: Proxy, plan: Plan, drain: bool) -> None:
    ran = read_through(log, proxy, plan, drain)
    assert len(proxy.met) >= REQUESTS and ran.last.meter.unmetered == 0
    assert ran.last.meter.requests == ran.last.meter.pages == len(proxy.met)


@pytest.mark.parametrize("fault", PASSING)
@every_way
def test_what_passes_does_not_end_a_run(
    log: Log, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, plan: Plan, drain: bool, fault: str
) -> None:
    if fault == "stuck":
        short_patience(monkeypatch)
    store = SmallPages(reach(log.table, proxy))
    for number in (1,) if fault == "stuck" else (1, REQUESTS):
        proxy.begin(at(number, fault))
        ran = run(plan, store, drain=drain)
        check_complete(ran, log.truth(plan.order))
        assert proxy.faults == 1
        lost = 0 if fault == "late" else 1
        assert len(proxy.met) == ran.last.meter.pages + lost
        # What is refused is never charged.
        assert ran.last.meter.unmetered == (0 if fault in FREE else lost)


@pytest.mark.parametrize("number", [1, 9])
@pytest.mark.parametrize("fault", [fault for fault in LASTING if fault != "stuck"])
@two_ways
def test_what_lasts_ends_a_run_in_a_sentence(
    log: Log, proxy: Proxy, plan: Plan, drain: bool, fault: str, number: int
) -> None:
    proxy.plan = since(number, fault)
    ran = read_through(log, proxy, plan, drain)
    assert ran.execution.error is not None
    assert SAID[fault] in ran.execution.error.message
    meter = ran.last.meter
    assert meter.pages == number - 1
    # Every attempt that was sent and may have cost something, and none besides; one in flight when
    # the run ended may never have arrived.
    if fault in FREE:
        assert meter.unmetered <= 1
    else:
        assert proxy.faults <= meter.unmetered <= proxy.faults + 1
    if number == 1:
        assert ran.names == [] and ran.last.coverage.reached is None


@two_ways
def test_a_service_that_never_answers_again_ends_a_run(
    log: Log, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, plan: Plan, drain: bool
) -> None:
    short_patience(monkeypatch)
    monkeypatch.setattr("audittui.store.dynamodb.retry.ATTEMPTS", 2)
    proxy.plan = since(7, "stuck")
    ran = read_through(log, proxy, plan, drain)
    assert ran.execution.error is not None
    assert SAID["stuck"] in ran.execution.error.message


@settings(max_examples=25)
@given(
    faults=st.dictionaries(
        st.integers(1, 30),
        st.sampled_from([fault for fault in FAULTS if fault not in ("late", "stuck")]),
        max_size=24,
    ),
    way=st.sampled_from(sorted(WAYS)),
    limit=st.sampled_from([None, 7, 50]),
)
def test_any_mixture_of_faults_and_limits_resumed_until_it_is_complete(
    log: Log, faults: dict[int, str], way: str, limit: int | None
) -> None:
    plan, drain = WAYS[way]
    truth = log.truth(plan.order)
    with proxied(ENDPOINT, lambda number: faults.get(number, "")) as proxy:
        store, cursor, done = SmallPages(reach(log.table, proxy)), "", 0
        while True:
            ran = run(plan, store, drain=drain, cursor=cursor, limit=limit)
            left = truth[done:]
            done += len(ran.names)
            if ran.last.coverage.complete:
                break
            if ran.execution.error is None:
                assert ran.names == left[:limit] and ran.last.coverage.stop == "limit"
            else:
                check_stopped(ran, left, plan.order)
            cursor = ran.last.cursor
        check_complete(ran, left)
