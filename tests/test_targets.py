"""Options, environment and profiles give a target: which one wins, and the reported source."""

from __future__ import annotations

import pytest

from audittui.config import Config, Profile
from audittui.connection import Target, profile_target, resolve_target
from audittui.errors import UsageError

CONFIG = Config(
    profile="prod",
    profiles={
        "prod": Profile(table="audit-log", region="eu-west-1", trusted_keys=("k",), max_rcu=30),
        "case": Profile(store="case.db", layout="teleport"),
        "half": Profile(region="eu-west-1"),
    },
)


@pytest.mark.parametrize(
    ("options", "environment", "region", "origin"),
    [
        ({"region": "a"}, {"AUDITTUI_REGION": "b"}, "a", "from --region"),
        ({}, {"AUDITTUI_REGION": "b"}, "b", "from AUDITTUI_REGION"),
        ({}, {}, "eu-west-1", "from the profile prod"),
    ],
)
def test_what_named_the_region_is_known(
    options: dict[str, str | None], environment: dict[str, str], region: str, origin: str
) -> None:
    target = resolve_target(options, CONFIG, environment)
    assert (target.region, target.origins["region"]) == (region, origin)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"])
def test_what_named_the_endpoint_is_known(variable: str) -> None:
    target = resolve_target({}, CONFIG, {variable: "http://x"})
    assert (target.endpoint_url, target.origins["endpoint_url"]) == ("http://x", f"from {variable}")


def test_a_target_knows_the_profile_that_names_its_table() -> None:
    assert resolve_target({}, CONFIG, {}).profile == "prod"
    assert resolve_target({"table": "other"}, CONFIG, {}).profile is None
    assert resolve_target({"table": "other"}, CONFIG, {}).max_rcu == 30


def test_a_profile_by_itself_is_what_it_says() -> None:
    surroundings = {
        "AUDITTUI_TABLE": "other", "AUDITTUI_REGION": "us-east-1", "AUDITTUI_LAYOUT": "teleport",
        "AUDITTUI_TRUSTED_KEYS": "other", "AUDITTUI_PROFILE": "case",
        "AWS_ENDPOINT_URL": "http://x",
    }  # fmt: skip
    target = profile_target("prod", CONFIG, surroundings)
    assert (target.table, target.region, target.layout) == ("audit-log", "eu-west-1", "native")
    assert (target.trusted_keys, target.max_rcu) == (("k",), 30)
    assert target.endpoint_url == "http://x"
    case = profile_target("case", CONFIG, surroundings)
    assert (case.store, case.layout, case.profile) == ("case.db", "teleport", "case")


def test_a_profile_that_names_nothing_says_what_it_needs() -> None:
    with pytest.raises(UsageError) as told:
        profile_target("half", CONFIG, {})
    assert str(told.value) == (
        "The profile half names neither a table nor a store."
        " Give it table = NAME or store = FILE under [profiles.half]."
    )
    with pytest.raises(UsageError, match="no profile 'gone'"):
        profile_target("gone", CONFIG, {})


def test_the_same_target_is_the_same_whatever_named_it() -> None:
    by_options = resolve_target({"table": "t", "region": "r"}, Config(), {})
    by_profile = profile_target("p", Config(profiles={"p": Profile(table="t", region="r")}), {})
    assert by_options.same(by_profile)
    assert not by_options.same(Target(table="t", region="other"))
