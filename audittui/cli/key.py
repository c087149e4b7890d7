"""``audittui key``: keys for sealing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audittui.cli.formats import format_option, write_objects
from audittui.errors import UsageError

if TYPE_CHECKING:
    from audittui.integrity.tlog.keys import SignerKey


@click.group("key")
def command() -> None:
    """Make and show keys that sign checkpoints."""


@command.command("generate")
@click.option(
    "--name", required=True, metavar="NAME", help="The log's name, such as audit.example.com."
)
@click.option(
    "-o", "--output", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path)
)
def generate(name: str, output: Path) -> None:
    """Make a new Ed25519 key in FILE, readable for you alone, and print its public half.

    An existing file is never overwritten.
    """
    from audittui.integrity.tlog.keys import new_signer_key
    from audittui.whole_file import write_new

    try:
        key = new_signer_key(name)
    except ValueError:
        raise UsageError(
            f"{name!r} cannot be a key's name.", "It has no spaces and no plus."
        ) from None
    write_new(output, f"{key.text}\n".encode())
    click.echo(key.verifier.text)
    click.echo(f"The key is in {output}. Put the line above into trusted_keys.", err=True)


@command.command("show")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--chain", metavar="CHAIN", help="Under the name of this chain's log.")
@format_option("text", "json", "jsonl")
def show(file: Path, chain: str | None, form: str) -> None:
    """Print the public half of the key in FILE: what readers trust.

    One key serves all chains. With --chain it is printed under the name that it signs this one's
    checkpoints with, for other tools.
    """
    from audittui.integrity.trust import origin_of

    key = read_signer_key(file).verifier
    if chain:
        key = key.named(origin_of(key.name, chain))
    if form == "text":
        click.echo(key.text)
        return
    shown = {
        "name": key.name,
        "key_id": key.key_id.hex(),
        "public_key": key.public_key.hex(),
        "verifier_key": key.text,
    }
    write_objects(form, [shown])


def read_signer_key(path: Path) -> SignerKey:
    """The private key in a file, which must be its owner's alone.

    Raises `UsageError`; no message ever holds any of it.
    """
    from audittui.integrity.tlog.keys import parse_signer_key
    from audittui.integrity.tlog.malformed import MalformedError

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The key {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UsageError(f"The key {path} is not text.") from None
    try:
        key = parse_signer_key(text.removesuffix("\n"))
    except MalformedError as error:
        raise UsageError(
            f"The key {path} cannot be read: {error}.", "audittui key generate makes one."
        ) from None
    demand_private(path)
    return key


def demand_private(path: Path) -> None:
    """Refuse a key's file that others than its owner can read or write, where a system knows that.

    Raises `UsageError`.
    """
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
        raise UsageError(
            f"The key {path} is open to others (mode {mode:04o}), so it is not used.",
            f"Give it to its owner alone with chmod 600 {path}; if others had access, make a new "
            "key.",
        )
