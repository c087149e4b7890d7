"""``audittui config``: show and check the configuration."""

from __future__ import annotations

from pathlib import Path

import click

from audittui.errors import UsageError
from audittui.escape import escaped

_EXAMPLE = """\
# profile = "prod"
# runbook_folders = ["~/runbooks"]
# theme = "sixteen"              # the terminal's own colours; NO_COLOR=1 disables colour
#
# [profiles.prod]
# table = "audit-log"
# region = "eu-west-1"
# max_rcu = 500                  # a run stops here; --max-rcu overrides it
# rate = 50                      # maximum read units per second; --rate overrides it
# price_per_million_rru = 0.12   # US dollars; default: the region's list price
#
# [prices]                       # US dollars per million read request units, by region
# eu-north-1 = 0.14              # as on your bill
#
# [keys]                         # key bindings of the terminal; its help (?) lists the names
# next-failure = "f"
"""


@click.group("config")
def command() -> None:
    """Show, locate and check the configuration."""


@command.command("path")
def path() -> None:
    """Print the path of config.toml."""
    from audittui.config import config_path

    click.echo(str(config_path()))


@command.command("show")
def show() -> None:
    """Print the configuration, or an example if there is none."""
    from audittui.config import config_path, load_config

    load_config()
    try:
        click.echo(config_path().read_text(encoding="utf-8").rstrip())
    except FileNotFoundError:
        click.echo(f"{config_path()} does not exist yet. Example:", err=True)
        click.echo(_EXAMPLE.rstrip())


@command.command("check")
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check config.toml: every key, profile, layout, trusted key, price, runbook folder, theme and
    key binding.

    Each fault is printed with its line. Exit code 1 means that there is at least one.
    """
    from audittui.config import config_path

    path = config_path()
    if not path.exists():
        raise UsageError(
            f"The configuration {path} does not exist.", "audittui config show prints an example."
        )
    found = _faults()
    for fault in found:
        click.echo(escaped(fault))
    if not found:
        click.echo(f"{path}: good")
    ctx.exit(1 if found else 0)


def _faults() -> list[str]:
    from audittui.checked_config import faults_of, located
    from audittui.config import load_config
    from audittui.layout import load_layout

    kind = "The configuration is invalid: "

    def said(error: UsageError) -> str:
        return str(error).removeprefix(kind)

    try:
        config = load_config()
    except UsageError as error:
        return [said(error)]
    found = list(faults_of(config))
    for name, profile in config.profiles.items():
        try:
            load_layout(profile.layout or "native")
        except UsageError as error:
            text = error.message.rstrip(".")
            found.append((("profiles", name, "layout"), text[:1].lower() + text[1:]))
    for at, folder in enumerate(config.runbook_folders):
        if not Path(folder).expanduser().is_dir():
            found.append((("runbook_folders", at), f"there is no folder {folder}"))
    if config.keys:
        # Key bindings are defined by the terminal application.
        from audittui.tui.keys.keymap import checked

        for sentence in checked(config.keys)[1]:
            name = next((name for name in config.keys if f" {name} " in sentence), "")
            named = next((name for name in config.keys if f'"{name}"' in sentence), name)
            where = ("keys", named) if named else ("keys",)
            found.append((where, sentence.removeprefix("[keys] ").rstrip(".")))
    return [said(located(where, reason)) for where, reason in found]
