"""Resolves options, environment and profiles to an open store with its layout.

Adapters are imported only when they are opened, so that starting up needs no AWS client.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from audittui.aws.access import NOBODY, Access
from audittui.aws.endpoint import is_aws
from audittui.config import Profile
from audittui.errors import UsageError
from audittui.store.port import PATIENT
from audittui.suggest import suggestion

if TYPE_CHECKING:
    from audittui.config import Config
    from audittui.layout import Layout
    from audittui.runbook.plan import Facts
    from audittui.runbook.price import Price
    from audittui.store.port import Patience, Store
    from audittui.table_facts import TableFacts

TABLE_HINT = "Give --table NAME or --store FILE (or set AUDITTUI_TABLE or AUDITTUI_STORE)."
_MEMORY = ":memory:"


class Target(msgspec.Struct, frozen=True):
    """What to connect to: an embedded store's file, or a table and how to reach it.

    ``max_rcu`` and ``rate`` are the profile's budget and read units per second, for tables only.
    ``own_price`` and ``prices`` (by region) come from the configuration, in US dollars per million
    read request units. ``profile`` is the configuration's profile that names the store or the
    table; ``origins`` maps a setting's name to its source, such as "from --region".
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
    profile: str | None = None
    origins: dict[str, str] = msgspec.field(default_factory=dict)

    def same(self, other: Target) -> bool:
        """True when ``other`` is the same target, whatever its source."""
        unnamed: dict[str, Any] = {"profile": None, "origins": {}}
        return msgspec.structs.replace(self, **unnamed) == msgspec.structs.replace(other, **unnamed)

    @property
    def billed(self) -> bool:
        """True when AWS charges for what is read."""
        return not self.store and is_aws(self.endpoint_url or "")

    @property
    def label(self) -> str:
        """The target in a few words."""
        if self.store:
            return Path(self.store).name
        return f"{self.table} ({self.region})" if self.region else self.table or "no table"

    def options(self) -> list[str]:
        """The equivalent command-line options."""
        words: list[str] = []
        for option, value in (
            ("--store", self.store), ("--table", self.table), ("--region", self.region),
            ("--endpoint-url", self.endpoint_url), ("--aws-profile", self.aws_profile),
        ):  # fmt: skip
            if value:
                words += [option, value]
        return words if self.layout == "native" else [*words, "--layout", self.layout]


def _nothing_known() -> TableFacts:
    from audittui.table_facts import TableFacts

    return TableFacts()


class Connection(msgspec.Struct, frozen=True):
    """An open store and its layout. ``known`` caches the facts about a table.

    ``charged`` is False if AWS's own configuration names an endpoint that is not AWS.
    """

    target: Target
    store: Store
    layout: Layout
    known: TableFacts = msgspec.field(default_factory=_nothing_known)
    charged: bool = True

    def chains(self) -> tuple[str, ...]:
        """The chains in the table's registry, sorted; empty without a chain scheme."""
        from audittui.table_facts import read_registry

        return read_registry(self.store, self.layout).chains

    def prefetch(self, patience: Patience = PATIENT) -> None:
        """Read what the first plan needs, which also proves that the table can be reached; the cost
        counts towards that plan. Raises `StoreError`."""
        if not self.target.store:
            self.known.prefetch(self.store, self.layout, patience)

    def tell_waits(self, tell: Callable[[str], None]) -> None:
        """Call ``tell`` with a sentence, from a thread, when a table takes long to answer; an
        embedded store never does."""
        watch = getattr(self.store, "tell_waits", None)
        if watch is not None:
            watch(tell)

    def facts(self) -> Facts:
        """What the planner must know about the table, and what it took to find out.

        A reader without permission for DescribeTable still gets a plan: every index of the layout
        is assumed to exist, and nothing is estimated. Raises `StoreError`.
        """
        from audittui.table_facts import described_facts, read_registry

        if self.target.store:
            # An embedded store costs nothing to ask, and its counts are exact.
            registry, table = read_registry(self.store, self.layout), self.store.describe()
            facts = msgspec.structs.replace(
                described_facts(registry, table), exact=True, requests=registry.requests + 1
            )
        else:
            facts = self.known.facts(self.store, self.layout)
        return msgspec.structs.replace(facts, price=self.price)

    @property
    def billed(self) -> bool:
        """True when AWS charges for what is read."""
        return self.target.billed and self.charged

    @property
    def price(self) -> Price:
        """What reading costs here."""
        from audittui.runbook.price import price_of

        target = self.target
        return price_of(
            self.store.region,
            own=target.own_price,
            prices=target.prices,
            billed=self.billed,
        )


def resolve_target(
    options: Mapping[str, str | None],
    config: Config,
    environment: Mapping[str, str] | None = None,
) -> Target:
    """The target given by options, environment and profile, in this order of precedence.

    ``options`` may hold ``store table region endpoint_url aws_profile layout profile``. Raises
    `UsageError` for an unknown profile, or for a store and a table at once.
    """
    environment = os.environ if environment is None else environment
    name = options.get("profile") or environment.get("AUDITTUI_PROFILE") or config.profile
    profile = Profile()
    if name:
        if name not in config.profiles:
            said = suggestion(name, sorted(config.profiles))
            raise UsageError(f"There is no profile {name!r}.", f"{said[0].upper()}{said[1:]}.")
        profile = config.profiles[name]
    store, table = options.get("store"), options.get("table")
    if store and table:
        raise UsageError("--store and --table are mutually exclusive.", "Give one of them.")
    if not store and not table:
        store, table = environment.get("AUDITTUI_STORE"), environment.get("AUDITTUI_TABLE")
        if store and table:
            raise UsageError(
                "AUDITTUI_STORE and AUDITTUI_TABLE are both set.", "Unset one of them."
            )
    named_by = None
    if not store and not table:
        store, table, named_by = profile.store, profile.table, name
        if store:
            # No shell has expanded it.
            store = str(Path(store).expanduser())
    origins: dict[str, str] = {}

    def setting(key: str) -> str | None:
        variable = f"AUDITTUI_{key.upper()}"
        for value, origin in (
            (options.get(key), f"from --{key.replace('_', '-')}"),
            (environment.get(variable), f"from {variable}"),
            (getattr(profile, key), f"from the profile {name}"),
        ):
            if value:
                origins[key] = origin
                return str(value)
        return None

    layout = setting("layout") or "native"
    keys = tuple(environment.get("AUDITTUI_TRUSTED_KEYS", "").split()) or profile.trusted_keys
    if store:
        return Target(store=store, layout=layout, trusted_keys=keys, profile=named_by)
    region, aws_profile = setting("region"), setting("aws_profile")
    endpoint = setting("endpoint_url")
    if not endpoint:
        endpoint, variable = _aws_endpoint(environment)
        if endpoint:
            origins["endpoint_url"] = f"from {variable}"
    return Target(
        table=table,
        region=region,
        endpoint_url=endpoint,
        aws_profile=aws_profile,
        layout=layout,
        trusted_keys=keys,
        max_rcu=profile.max_rcu,
        rate=profile.rate,
        own_price=profile.price_per_million_rru,
        prices=config.prices,
        profile=named_by,
        origins=origins,
    )


def profile_target(
    name: str, config: Config, environment: Mapping[str, str] | None = None
) -> Target:
    """The target of the profile ``name`` alone: of the environment, only AWS's own settings count.

    Raises `UsageError` for an unknown profile, and for one without a store or table.
    """
    environment = os.environ if environment is None else environment
    of_aws = {key: value for key, value in environment.items() if key.startswith("AWS_")}
    target = resolve_target({"profile": name}, config, of_aws)
    if not target.store and not target.table:
        raise UsageError(
            f"The profile {name} names neither a table nor a store.",
            f"Give it table = NAME or store = FILE under [profiles.{name}].",
        )
    return target


def _aws_endpoint(environment: Mapping[str, str]) -> tuple[str | None, str]:
    """The endpoint in AWS's own variables, and the variable's name. Source: AWS SDKs and Tools
    Reference Guide, "Service-specific endpoints"."""
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() != "true":
        for variable in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"):
            if environment.get(variable):
                return environment[variable], variable
    return None, ""


def open_connection(
    target: Target, *, create: bool = False, read_only: bool = False, access: Access = NOBODY
) -> Connection:
    """Open what ``target`` names. ``create`` allows an embedded store that does not exist yet: its
    first write creates the file. ``access`` handles prompts and messages.

    Raises `UsageError` when the target names nothing, `StoreError` when it cannot be opened.
    """
    from audittui.layout import load_layout

    layout = load_layout(target.layout)
    if target.store:
        from audittui.store.sqlite import SqliteStore
        from audittui.store.sqlite.unmade import UnmadeSqliteStore

        store: Store
        if create and target.store != _MEMORY and not Path(target.store).exists():
            store = UnmadeSqliteStore(target.store, layout)
        else:
            store = SqliteStore(
                target.store, layout, create=create or target.store == _MEMORY, read_only=read_only
            )
        return Connection(target, store, layout)
    if not target.table:
        raise UsageError("No table or store is given.", TABLE_HINT)
    from audittui.store.dynamodb import open_table

    table = open_table(
        target.table,
        layout,
        region=target.region,
        endpoint_url=target.endpoint_url,
        aws_profile=target.aws_profile,
        read_only=read_only,
        access=access,
    )
    return Connection(target, table, layout, charged=table.charged)
