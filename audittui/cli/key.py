"""``audittui key``: keys that sign checkpoints."""

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
    """Generate and show keys that sign checkpoints."""


@command.command("generate")
@click.option(
    "--name", required=True, metavar="NAME", help="The log's name, such as audit.example.com."
)
@click.option(
    "-o", "--output", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path)
)
def generate(name: str, output: Path) -> None:
    """Generate an Ed25519 key in FILE, readable only by you, and print its public half.

    An existing file is never overwritten.
    """
    from audittui.integrity.tlog.keys import new_signer_key
    from audittui.whole_file import write_new

    try:
        key = new_signer_key(name)
    except ValueError:
        raise UsageError(
            f"{name!r} is not a valid key name.", "A name has no spaces and no plus sign."
        ) from None
    write_new(output, f"{key.text}\n".encode())
    click.echo(key.verifier.text)
    click.echo(f"The key is in {output}. Add the line above to trusted_keys.", err=True)


@command.command("show")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--chain", metavar="CHAIN", help="Print it under the name of this chain's log.")
@format_option("text", "json", "jsonl")
def show(file: Path, chain: str | None, form: str) -> None:
    """Print the public half of the key in FILE, for readers to trust.

    One key signs all chains. --chain prints it under the name that it uses in that chain's
    checkpoints, as other tools need it.
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
    """The private key in a file that only its owner can read.

    Raises `UsageError`; no message contains any part of the key.
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
            f"The key {path} cannot be read: {error}.", "audittui key generate creates one."
        ) from None
    demand_private(path)
    return key


def demand_private(path: Path) -> None:
    """Refuse a key file that anyone but its owner can read or write, on systems with file modes.

    Raises `UsageError`.
    """
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
        raise UsageError(
            f"The key {path} is accessible to others (mode {mode:04o}), so it is not used.",
            f"Restrict it with chmod 600 {path}; if others had access, generate a new key.",
        )
