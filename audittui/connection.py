"""From options, environment and profiles to an open store with its layout.

The adapters are imported only when one is opened, so that a start needs no AWS client.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from audittui import timestamp
from audittui.config import Config, Profile
from audittui.errors import StoreError, UsageError
from audittui.layout import Layout, load_layout
from audittui.layout.native import REGISTRY
from audittui.runbook.plan import Facts
from audittui.runbook.price import Price, price_of
from audittui.store.port import IndexDescription, Query, Store

TABLE_HINT = "Give --table NAME or --store FILE (or set AUDITTUI_TABLE or AUDITTUI_STORE)."
_MEMORY = ":memory:"


class Target(msgspec.Struct, frozen=True):
    """What to connect to: an embedded store's file, or a table and how to reach it.

    ``max_rcu`` and ``rate`` are the profile's budget and read units per second, of tables alone.
    ``own_price`` and ``prices`` (by region) are the configuration's, in US dollars per million
    read request units.
    """

    store: str | None = None
    table: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    aws_profile: str | None = None
    layout: str = "native"
    trusted_keys: tuple[str, ...] = ()
    max_rcu: float | None = None
    rate: float | None = None
    own_price: float | None = None
    prices: dict[str, float] = msgspec.field(default_factory=dict)

    @property
    def billed(self) -> bool:
        """True when AWS charges for what is read."""
        host = urlsplit(self.endpoint_url or "").hostname or ""
        ours = not host or host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))
        return not self.store and ours

    @property
    def label(self) -> str:
        """The target in a few words."""
        if self.store:
            return Path(self.store).name
        return f"{self.table} ({self.region})" if self.region else self.table or "no table"

    def options(self) -> list[str]:
        """The command-line options that say the same."""
        words: list[str] = []
        for option, value in (
            ("--store", self.store), ("--table", self.table), ("--region", self.region),
            ("--endpoint-url", self.endpoint_url), ("--aws-profile", self.aws_profile),
        ):  # fmt: skip
            if value:
                words += [option, value]
        return words if self.layout == "native" else [*words, "--layout", self.layout]


class Connection(msgspec.Struct, frozen=True):
    """An open store and the layout of what is in it."""

    target: Target
    store: Store
    layout: Layout

    def chains(self) -> tuple[str, ...]:
        """The chains that the table's registry knows, sorted; empty without a chain scheme."""
        return self._registry().chains

    def facts(self) -> Facts:
        """What the planner must know of the table.

        A reader without the right to DescribeTable still gets a plan: then every index of the
        layout is taken to exist and nothing is estimated.
        """
        facts = msgspec.structs.replace(self._registry(), price=self.price)
        try:
            table = self.store.describe()
        except StoreError as error:
            if error.kind != "permission":
                raise
            return facts
        return msgspec.structs.replace(
            facts,
            indexes=table.indexes,
            base=IndexDescription("", table.item_count, table.size_bytes),
            exact=bool(self.target.store),
            requests=facts.requests + 1,
        )

    @property
    def price(self) -> Price:
        """What reading costs here."""
        target = self.target
        return price_of(
            self.store.region, own=target.own_price, prices=target.prices, billed=target.billed
        )

    def _registry(self) -> Facts:
        now = timestamp.now()
        if not self.layout.chained:
            return Facts(now=now)
        chains: list[str] = []
        births: list[str] = []
        requests, rcu, start = 0, 0.0, None
        while True:
            page = self.store.query(
                Query(
                    index="",
                    partition=(self.layout.partition.attribute, REGISTRY),
                    sort=self.layout.sort.attribute,
                    start_key=start,
                )
            )
            requests, rcu = requests + 1, rcu + page.rcu
            chains += [str(item[self.layout.sort.attribute]) for item in page.items]
            births += [str(item.get("created", "")) for item in page.items]
            start = page.last_key
            if start is None:
                return Facts(
                    tuple(sorted(chains)), None, now, requests, rcu, since=_earliest(births)
                )


def _earliest(births: Sequence[str]) -> int | None:
    """The earliest of the times in the registry; None where one cannot be read."""
    try:
        return min(map(timestamp.parse, births), default=None)
    except ValueError:
        return None


def resolve_target(
    options: Mapping[str, str | None],
    config: Config,
    environment: Mapping[str, str] | None = None,
) -> Target:
    """The target that options, environment and profile come to, in this order of precedence.

    ``options`` may hold ``store table region endpoint_url aws_profile layout profile``. Raises
    `UsageError` for an unknown profile, or for a store and a table at once.
    """
    environment = os.environ if environment is None else environment
    name = options.get("profile") or environment.get("AUDITTUI_PROFILE") or config.profile
    profile = Profile()
    if name:
        if name not in config.profiles:
            known = ", ".join(sorted(config.profiles)) or "none"
            raise UsageError(f"There is no profile {name!r}.", f"The profiles are: {known}.")
        profile = config.profiles[name]
    store, table = options.get("store"), options.get("table")
    if store and table:
        raise UsageError("--store and --table exclude each other.", "Give one of them.")
    if not store and not table:
        store, table = environment.get("AUDITTUI_STORE"), environment.get("AUDITTUI_TABLE")
        if store and table:
            raise UsageError(
                "AUDITTUI_STORE and AUDITTUI_TABLE are both set.", "Unset one of them."
            )
    if not store and not table:
        store, table = profile.store, profile.table

    def setting(key: str) -> str | None:
        given = options.get(key) or environment.get(f"AUDITTUI_{key.upper()}")
        return given or getattr(profile, key)

    layout = setting("layout") or "native"
    keys = tuple(environment.get("AUDITTUI_TRUSTED_KEYS", "").split()) or profile.trusted_keys
    if store:
        return Target(store=store, layout=layout, trusted_keys=keys)
    return Target(
        table=table,
        region=setting("region"),
        endpoint_url=setting("endpoint_url") or _aws_endpoint(environment),
        aws_profile=setting("aws_profile"),
        layout=layout,
        trusted_keys=keys,
        max_rcu=profile.max_rcu,
        rate=profile.rate,
        own_price=profile.price_per_million_rru,
        prices=config.prices,
    )


def _aws_endpoint(environment: Mapping[str, str]) -> str | None:
    """The endpoint that AWS's own variables name. Source: AWS SDKs and Tools Reference Guide,
    "Service-specific endpoints"."""
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    named = environment.get("AWS_ENDPOINT_URL_DYNAMODB") or environment.get("AWS_ENDPOINT_URL")
    return named or None


def open_connection(target: Target, *, create: bool = False, read_only: bool = False) -> Connection:
    """Open what ``target`` names. ``create`` makes an embedded store that does not exist yet.

    Raises `UsageError` when the target names nothing, `StoreError` when it cannot be opened.
    """
    layout = load_layout(target.layout)
    if target.store:
        from audittui.store.sqlite import SqliteStore

        store: Store = SqliteStore(
            target.store, layout, create=create or target.store == _MEMORY, read_only=read_only
        )
        return Connection(target, store, layout)
    if not target.table:
        raise UsageError("No table and no store is named.", TABLE_HINT)
    from audittui.store.dynamodb import open_table

    store = open_table(
        target.table,
        layout,
        region=target.region,
        endpoint_url=target.endpoint_url,
        aws_profile=target.aws_profile,
        read_only=read_only,
    )
    return Connection(target, store, layout)
