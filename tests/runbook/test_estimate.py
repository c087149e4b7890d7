"""What a plan will cost, estimated before it runs."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.query.execution import Execution
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.describe import describe_plan
from audittui.runbook.estimate import Estimate, Used, comparison
from audittui.runbook.plan import Facts, Plan
from audittui.runbook.planner import make_plan
from audittui.runbook.price import Price, money_text, price_of
from audittui.store.port import IndexDescription
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

NATIVE = load_layout("native")
NOW = timestamp.parse("2026-11-24T12:00:00Z")
BOOKS = load_catalogue([])
EUROPE = price_of("eu-west-1")


def facts(items: int = 1_200_000, size: int = 492_000_000, **more: object) -> Facts:
    names = [index.name for index in NATIVE.indexes if index.name]
    sizes = tuple(IndexDescription(name, items, size) for name in names)
    made = Facts(("app/0", "app/1"), sizes, NOW, price=EUROPE)
    return msgspec.structs.replace(made, **more)


def plan_of(name: str, known: Facts, **texts: str) -> Plan:
    return make_plan(BOOKS.find(name), texts, NATIVE, known)


def test_an_actors_share_is_unknown_so_all_of_the_index_is_the_most() -> None:
    estimate = plan_of("actor-activity", facts(), actor="ann").estimate
    assert (estimate.requests_low, estimate.rcu_low) == (1, 0.5)
    assert estimate.requests_high == 470  # 492 MB in pages of 1 MiB
    assert estimate.rcu_high == pytest.approx(492e6 / 8192 + 470 / 2, abs=0.5)
    assert estimate.rcu_likely is None
    assert (
        "The index by-actor holds 1.2 M items of about 410 B, 492.0 MB; one actor's share is not "
        "known, so at most all of it is read." in estimate.how
    )
    assert "six hours old" in estimate.how
    assert estimate.money_text == "at most about $0.0085"


def test_counts_of_this_moment_are_not_called_old() -> None:
    assert "hours old" not in plan_of("actor-activity", facts(exact=True), actor="ann").estimate.how


def test_a_window_in_day_buckets_gets_a_fair_estimate() -> None:
    known = facts(since=NOW - 100 * timestamp.DAY)
    estimate = plan_of("time-window", known, window="-5d..now").estimate
    # Two chains on six dates, a twentieth of the index.
    assert estimate.requests_low == 12
    assert estimate.rcu_likely == pytest.approx(492e6 / 8192 / 20 + 6, abs=0.5)
    assert "5.0% of the 100.0 days" in estimate.how and "entries arrive evenly" in estimate.how
    assert estimate.rcu_high is not None and estimate.rcu_likely is not None
    assert estimate.rcu_high > estimate.rcu_likely


@pytest.mark.parametrize("since", [None, NOW - timestamp.DAY, NOW, NOW + timestamp.DAY])
def test_without_a_beginning_before_the_window_there_is_no_fair_estimate(since: int | None) -> None:
    estimate = plan_of("time-window", facts(since=since), window="-5d..now").estimate
    assert estimate.rcu_likely is None and "the window's share is not known" in estimate.how


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (facts(indexes=None), "the table has not been described"),
        (facts(items=0, size=0), "the table reports no items yet"),
    ],
)
def test_an_unknown_size_gives_the_least_alone(known: Facts, why: str) -> None:
    estimate = plan_of("actor-activity", known, actor="ann").estimate
    assert estimate.rcu_high is None and why in estimate.how
    assert estimate.text.startswith("at least 0.5 RCU in at least 1 request; ")


def test_nothing_to_read_costs_nothing() -> None:
    estimate = plan_of("time-window", facts(chains=()), window="-1h..now").estimate
    assert (estimate.requests_high, estimate.rcu_high) == (0, 0.0)


def test_the_plan_shows_units_money_and_how() -> None:
    lines = describe_plan(plan_of("actor-activity", facts(), actor="ann")).splitlines()
    by_label = {line[:14].strip(): line[14:] for line in lines}
    assert by_label["Estimate"].startswith("0.5 to about 60,294 RCU in 1 to about 470 full-page")
    assert by_label["Cost"] == (
        "at most about $0.0085 (eu-west-1: $0.1415 per million read request units, on demand)"
    )
    assert "by-actor" in by_label["Basis"]


def test_estimate_and_actuals_stand_side_by_side() -> None:
    estimate = plan_of("actor-activity", facts(), actor="ann").estimate
    used = Used(9, 2_000_007.5, (("by-actor", 2_000_000.0), ("", 6.5)), 2, 2, 1.0)
    assert [(name, spent) for name, _, spent in comparison(estimate, used)] == [
        ("Requests", "9"), ("  planning", "2"), ("RCU", "2,000,007.5"), ("  by-actor", "2,000,000"),
        ("  the base table", "6.5"), ("  planning", "1"), ("  unknown cost", "2 attempts"),
        ("Cost", "about $0.28"),
    ]  # fmt: skip


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=40))
def test_what_is_used_lies_between_the_bounds(sizes: list[int]) -> None:
    store = SqliteStore(":memory:", NATIVE, create=True)
    start = NOW - len(sizes) * timestamp.SECOND
    AuditLog(store, "app/0", clock=lambda: NOW).append_many(
        [
            Draft(actor="ann", action="a", resource="r" * size,
                  outcome="success", time=timestamp.text(start + at * timestamp.SECOND))
            for at, size in enumerate(sizes)
        ]
    )  # fmt: skip
    table = store.describe()
    known = Facts(("app/0",), table.indexes, NOW, exact=True)
    for name, texts in (("actor-activity", {"actor": "ann"}), ("time-window", {})):
        plan = plan_of(name, known, **texts, window="-1h..now")
        *_, last = Execution(plan, store).pages()
        low, high = plan.estimate.rcu_low, plan.estimate.rcu_high
        assert high is not None and low <= last.meter.rcu <= high
    store.close()


@pytest.mark.parametrize(
    ("dollars", "said"),
    [
        (0.0, "$0"), (0.00005, "under $0.0001"), (0.00123, "about $0.0012"),
        (0.5, "about $0.50"), (1234.5, "about $1,234.50"),
    ],
)  # fmt: skip
def test_money_in_words(dollars: float, said: str) -> None:
    assert money_text(dollars) == said


def _known(likely: float | None = None) -> Estimate:
    return Estimate(
        requests_low=2, rcu_low=1.0, requests_high=4, rcu_high=369.0, rcu_likely=likely,
        price=Price("x", 0.125),
    )  # fmt: skip


def test_what_is_left_is_never_what_was_used() -> None:
    assert _known().left_text(8.0, 2) == (
        "at most about 361 RCU more, in about 4 full pages; under $0.0001"
    )
    assert _known(100.0).left_text(8.0, 1) == (
        "likely about 92 RCU more, at most about 361, in about 1 full page; under $0.0001"
    )
    # A guess that was exceeded is dropped.
    assert _known(100.0).left_text(120.0, 1).startswith("at most about 249 RCU more, in about 2 ")


def test_what_is_left_is_at_least_a_request_a_partition() -> None:
    for used in (368.5, 400.0):
        assert _known().left_text(used, 2) == (
            "at least 1 RCU more in at least 2 requests: the estimate for the whole index is used "
            "up; under $0.0001"
        )
    unknown = Estimate(requests_low=3, rcu_low=1.5)
    assert unknown.left_text(700.0, 2).startswith("at least 1 RCU more in at least 2 requests; ")


@given(st.floats(0, 2000), st.integers(1, 40), st.none() | st.floats(1, 300))
def test_what_is_left_is_not_negative(used: float, partitions: int, likely: float | None) -> None:
    assert "-" not in _known(likely).left_text(used, partitions)


def test_prices_are_known_or_said_not_to_be() -> None:
    assert price_of("us-east-1").dollars(1e6) == 0.125
    nowhere = price_of("eu-nowhere-9")
    assert nowhere.dollars(5.0) is None
    assert nowhere.text(5.0, "at most") == "no price known for eu-nowhere-9"
    estimate = plan_of("actor-activity", facts(price=nowhere), actor="ann").estimate
    assert estimate.money_text == "no price known for eu-nowhere-9"


def test_ones_own_price_goes_before_that_of_the_region() -> None:
    prices = {"eu-west-1": 0.2, "eu-nowhere-9": 0.3}
    assert price_of("eu-nowhere-9", prices=prices).per_million == 0.3
    assert price_of("eu-west-1", prices=prices).per_million == 0.2
    assert price_of("eu-west-1", prices=prices, own=0.1).per_million == 0.1


def test_where_nothing_is_billed_the_price_is_a_comparison() -> None:
    price = price_of(None, billed=False)
    assert price.dollars(1e6) == 0.0
    assert price.text(10_000.0) == "$0 here; on a table about $0.0013"


def test_a_guess_is_called_one() -> None:
    estimate = Estimate(
        requests_low=1, rcu_low=0.5, requests_high=9, rcu_high=90_000.0, rcu_likely=40_000.0,
        price=Price("x", 0.125),
    )  # fmt: skip
    assert estimate.text == (
        "0.5 to about 90,000, likely about 40,000 RCU in 1 to about 9 full-page "
        "requests; likely about $0.0050"
    )


def test_a_budget_fits_only_what_is_known_to_be_less() -> None:
    unknown = Estimate(requests_low=1, rcu_low=0.5)
    assert not unknown.fits(1e9) and unknown.fits(None)
    known = Estimate(requests_low=1, rcu_low=0.5, requests_high=9, rcu_high=10.0)
    assert known.fits(10.0) and not known.fits(9.9)
