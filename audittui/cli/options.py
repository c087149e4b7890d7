"""Options shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from audittui.cli.fast_start import CONNECTION
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.aws.access import Access
    from audittui.connection import Connection, Target
    from audittui.integrity.settings import VerificationSettings
    from audittui.tip import SignedTail, Tip, Vouch

Function = TypeVar("Function", bound=Callable[..., Any])


max_rcu_option = click.option(
    "--max-rcu",
    type=click.FloatRange(min=0.5),
    metavar="X",
    help="Stop after X read units (a profile's max_rcu).",
)
rate_option = click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Use at most N read units per second (a profile's rate).",
)


def connection_options(function: Function) -> Function:
    """Options that select a connection; they also come from the environment and a profile.

    Also ``--verbose`` and ``--no-session-cache``, which `access_of` reads.
    """
    for option, text in (
        ("--no-session-cache", "Do not cache sessions of AWS roles (~/.aws/cli/cache)."),
        ("--verbose", "Print every request to AWS: parameters, attempts, ids."),
    ):
        function = click.option(
            option, is_flag=True, expose_value=False, callback=_remember, help=text
        )(function)
    for option, meta, text in reversed(
        (
            ("--table", "NAME", "The DynamoDB table (AUDITTUI_TABLE)."),
            ("--store", "FILE", "An embedded store instead of a table (AUDITTUI_STORE)."),
            ("--region", "REGION", "The table's region (AUDITTUI_REGION, AWS_REGION)."),
            ("--endpoint-url", "URL", "A different DynamoDB endpoint (AWS_ENDPOINT_URL_DYNAMODB)."),
            ("--aws-profile", "NAME", "A profile in the AWS configuration (AWS_PROFILE)."),
            ("--layout", "NAME", "How the table stores entries: native, teleport, a .toml file."),
            ("--profile", "NAME", "A profile in audittui's configuration."),
        )
    ):
        function = click.option(option, metavar=meta, help=text)(function)
    return function


def _remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Record a flag, whether it comes before or after the command's name."""
    if value:
        ctx.meta[f"audittui.{param.name}"] = True


def is_set(ctx: click.Context, name: str) -> bool:
    """True if the flag ``name``, such as ``verbose``, was given before or after the command."""
    return bool(ctx.meta.get(f"audittui.{name}"))


def access_of(ctx: click.Context) -> Access:
    """How AWS is accessed: MFA codes are asked for, and requests reported, on this terminal."""
    from audittui.aws.access import Access
    from audittui.cli.prompt import ask_code

    return Access(
        ask_code=ask_code,
        keep_session=not is_set(ctx, "no_session_cache"),
        tell=_tell if is_set(ctx, "verbose") else None,
    )


def _tell(line: str) -> None:
    click.echo(line, err=True)


def target_of(ctx: click.Context, given: dict[str, Any]) -> Target:
    """The `Target` of a command: its own options, then those before the command."""
    from audittui.checked_config import checked_config
    from audittui.connection import resolve_target

    above = ctx.find_root().obj or {}
    options = {name: given.get(name) or above.get(name) for name in CONNECTION}
    # A store or table given after the command replaces the other given before it.
    if given.get("store") and not given.get("table"):
        options["table"] = None
    if given.get("table") and not given.get("store"):
        options["store"] = None
    return resolve_target(options, checked_config())


def connect(
    ctx: click.Context, given: dict[str, Any], *, create: bool = False, write: bool = False
) -> Connection:
    """Open the `Connection` of a command, read-only unless it may ``create`` or ``write``. It is
    closed when the command ends."""
    from audittui.cli.waits import waits_of
    from audittui.connection import open_connection

    target = target_of(ctx, given)
    if is_set(ctx, "verbose"):
        layout = "" if target.layout == "native" else f", layout {target.layout}"
        profile = f", profile {target.profile}" if target.profile else ""
        _tell(escaped(f"Connecting to {target.store or target.label}{layout}{profile}"))
    connection = open_connection(
        target, create=create, read_only=not (create or write), access=access_of(ctx)
    )
    connection.tell_waits(waits_of(ctx).tell)
    ctx.call_on_close(connection.store.close)
    if is_set(ctx, "verbose"):
        for name, value in getattr(connection.store, "tried", ()):
            _tell(f"{name}: {value}")
    return connection


def trusted_key_option(function: Function) -> Function:
    """The option that names keys to trust instead of the profile's."""
    return click.option(
        "--trusted-key",
        "trusted",
        multiple=True,
        metavar="KEY",
        help="A verifier key to trust instead of the profile's (AUDITTUI_TRUSTED_KEYS).",
    )(function)


def settings_of(ctx: click.Context, given: dict[str, Any]) -> VerificationSettings | None:
    """The settings that a command verifies with; None if no key is trusted."""
    from audittui.integrity.settings import verification_settings

    return verification_settings(given.get("trusted") or target_of(ctx, given).trusted_keys)


def signed_tail_of(connection: Any, chain: str) -> SignedTail | None:
    """Finds where a chain continues if its last entries are gone; None if no key is trusted."""
    from audittui.integrity.settings import verification_settings

    settings = verification_settings(connection.target.trusted_keys)
    if settings is None:
        return None
    trust = settings.trust

    def find(after: int) -> Tip | None:
        from audittui.integrity.verifying.signed_tail import signed_tail
        from audittui.tip import Tip

        tail = signed_tail(connection.store, chain, trust, after)
        return None if tail is None else Tip(tail.seq, tail.hash.hex(), tail.expires_at)

    return find


def vouch_of(connection: Any, chain: str) -> Vouch | None:
    """Tells whether a trusted key signed a tip whose predecessor is gone; None if no key is
    trusted."""
    from audittui.integrity.settings import verification_settings

    settings = verification_settings(connection.target.trusted_keys)
    if settings is None:
        return None
    trust = settings.trust

    def vouched(tip: Tip, prev_hash: str) -> bool:
        from audittui.integrity.verifying.signed_tail import signed_for

        return signed_for(connection.store, chain, trust, tip.seq, tip.hash, prev_hash)

    return vouched
