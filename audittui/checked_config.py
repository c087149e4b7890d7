"""Checks of a configuration beyond its types: whether its names, keys and numbers are valid.

Commands, the terminal application and ``audittui config check`` share them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from audittui.config import Config, config_file, config_path, load_config
from audittui.errors import UsageError
from audittui.suggest import suggestion

THEMES = (
    "audittui", "sixteen", "textual-dark", "textual-light", "nord", "gruvbox", "catppuccin-mocha",
    "dracula", "tokyo-night", "monokai", "flexoki", "catppuccin-latte", "catppuccin-frappe",
    "catppuccin-macchiato", "solarized-light", "solarized-dark", "rose-pine", "rose-pine-moon",
    "rose-pine-dawn", "atom-one-dark", "atom-one-light", "ansi-dark", "ansi-light",
)  # fmt: skip
"""The terminal's themes, listed here so as not to load the terminal."""

Fault = tuple[tuple[str | int, ...], str]
"""The path of a fault in the file, and the fault."""


def checked_config(*, theme: bool = True) -> Config:
    """The configuration, checked.

    ``theme`` False skips the theme: the terminal application itself reports which one it uses
    instead. Raises `UsageError` for the first fault, with file, line, key and the nearest name.
    """
    config = load_config()
    for where, reason in faults_of(config):
        if theme or where != ("theme",):
            raise located(where, reason)
    return config


def located(where: tuple[str | int, ...], reason: str, path: Path | None = None) -> UsageError:
    """The fault of the value at ``where`` in the configuration file."""
    path = path or config_path()
    return config_file(path, path.read_bytes()).error(where, reason)


def faults_of(config: Config) -> Iterator[Fault]:
    """The faults in ``config``, in the order of the keys."""
    if config.profile is not None and config.profile not in config.profiles:
        said = suggestion(config.profile, sorted(config.profiles))
        yield ("profile",), f"there is no profile {config.profile!r}; {said}"
    if config.theme is not None and config.theme not in THEMES:
        yield ("theme",), f"there is no theme {config.theme!r}; {suggestion(config.theme, THEMES)}"
    for region, price in config.prices.items():
        if not math.isfinite(price):
            yield ("prices", region), "this must be a number of US dollars"
    for name, profile in config.profiles.items():
        here = ("profiles", name)
        if profile.store and profile.table:
            yield (*here, "store"), "a profile names a table or a store, not both"
        for key in ("max_rcu", "rate", "price_per_million_rru"):
            number = getattr(profile, key)
            if number is not None and not math.isfinite(number):
                yield (*here, key), "this must be a number"
        for at, text in enumerate(profile.trusted_keys):
            fault = _key_fault(text)
            if fault:
                yield (*here, "trusted_keys", at), fault


def _key_fault(text: str) -> str:
    from audittui.integrity.tlog.keys import parse_verifier_key
    from audittui.integrity.tlog.malformed import MalformedError

    try:
        parse_verifier_key(text)
    except MalformedError as error:
        return f"this is a {error}; audittui key show FILE prints the key to trust"
    return ""
