"""The configuration file of audittui, its location and its profiles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import platformdirs

from audittui.errors import UsageError

if TYPE_CHECKING:
    from audittui.toml_file import TomlFile

Dollars = Annotated[float, msgspec.Meta(ge=0)]
"""US dollars per million read request units."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named location of a log; every setting is optional.

    ``store`` is the path of an embedded store; the rest describes a DynamoDB table.
    ``trusted_keys`` are the verifier keys of the log's sealers (``audittui key show``). ``max_rcu``
    is the budget of a run in read units, ``rate`` its maximum read units per second,
    ``price_per_million_rru`` the price of a million read request units in US dollars.
    """

    store: str | None = None
    table: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    aws_profile: str | None = None
    layout: str | None = None
    trusted_keys: tuple[str, ...] = ()
    max_rcu: Annotated[float, msgspec.Meta(ge=0.5)] | None = None
    rate: Annotated[float, msgspec.Meta(gt=0)] | None = None
    price_per_million_rru: Dollars | None = None


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``config.toml``.

    ``prices`` are prices by region, which override the ones that ship. ``keys`` are the terminal's
    key bindings: the name of an action (the help lists them) and its keys, separated by commas.
    ``theme`` is the name of the terminal's colour theme.
    """

    profile: str | None = None
    profiles: dict[str, Profile] = msgspec.field(default_factory=dict)
    runbook_folders: tuple[str, ...] = ()
    prices: dict[str, Dollars] = msgspec.field(default_factory=dict)
    keys: dict[str, str] = msgspec.field(default_factory=dict)
    theme: str | None = None


def config_path() -> Path:
    """The path of ``config.toml``: ``AUDITTUI_CONFIG``, else the system's folder for it."""
    given = os.environ.get("AUDITTUI_CONFIG")
    if given:
        return Path(given).expanduser()
    return Path(platformdirs.user_config_dir("audittui")) / "config.toml"


def state_folder() -> Path:
    """The folder for what audittui remembers: ``AUDITTUI_STATE``, else the system's."""
    given = os.environ.get("AUDITTUI_STATE")
    if given:
        return Path(given).expanduser()
    return Path(platformdirs.user_state_dir("audittui"))


def cache_folder() -> Path:
    """The cache folder, for what can be fetched again: in ``AUDITTUI_STATE``, else the system's."""
    given = os.environ.get("AUDITTUI_STATE")
    if given:
        return Path(given).expanduser() / "cache"
    return Path(platformdirs.user_cache_dir("audittui"))


def load_config(path: Path | None = None) -> Config:
    """The configuration; an empty one if there is no file.

    Raises `UsageError` with the file, the line, the key and the fault.
    """
    path = path or config_path()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise UsageError(f"The configuration {path} cannot be read: {error.strerror}.") from None
    try:
        return msgspec.toml.decode(data, type=Config)
    except (ValueError, RecursionError):
        file = config_file(path, data)
        return file.convert(file.data, Config)


def config_file(path: Path, data: bytes) -> TomlFile:
    """The configuration file, with line numbers. Raises `UsageError`."""
    from audittui.toml_file import TomlFile

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"The configuration is invalid: {path}:{line}: this is not UTF-8."
        ) from None
    return TomlFile(path, text, "The configuration")
