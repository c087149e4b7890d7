"""``audittui config``: where the configuration is and what it says."""

from __future__ import annotations

import click

_EXAMPLE = """\
# profile = "prod"
# runbook_folders = ["~/runbooks"]
# theme = "sixteen"              # the terminal's own colours; NO_COLOR=1 does without any
#
# [profiles.prod]
# table = "audit-log"
# region = "eu-west-1"
# max_rcu = 500                  # a run stops here; --max-rcu overrides it
# rate = 50                      # read units per second at most; --rate overrides it
# price_per_million_rru = 0.12   # US dollars; else the price list of the region
#
# [prices]                       # US dollars per million read request units, by region
# eu-north-1 = 0.14              # as your bill says
#
# [keys]                         # other keys in the terminal; its help (?) lists the names
# next-failure = "f"
"""


@click.group("config")
def command() -> None:
    """Show the configuration and where it is."""


@command.command("path")
def path() -> None:
    """Print the path of config.toml."""
    from audittui.config import config_path

    click.echo(str(config_path()))


@command.command("show")
def show() -> None:
    """Print the configuration; an example where there is none."""
    from audittui.config import config_path, load_config

    load_config()
    try:
        click.echo(config_path().read_text(encoding="utf-8").rstrip())
    except FileNotFoundError:
        click.echo(f"There is no {config_path()} yet. It could say:", err=True)
        click.echo(_EXAMPLE.rstrip())
