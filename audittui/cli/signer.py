"""The key that a command signs with: a key file, or AWS KMS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.options import access_of, target_of
from audittui.errors import UsageError

if TYPE_CHECKING:
    from audittui.integrity.tlog.keys import SealingKey

_KMS = "kms:"


def signer_of(
    ctx: click.Context, key: str, name: str | None, connection: dict[str, Any]
) -> SealingKey:
    """The key ``FILE`` or ``kms:ARN``, the latter under ``name``. Raises `UsageError`,
    `StoreError` when KMS does not answer."""
    if key.startswith(_KMS):
        from audittui.integrity.sealing.kms import open_kms_signer

        if not name:
            raise UsageError("A KMS key needs a name.", "Give --name NAME.")
        target = target_of(ctx, connection)
        return open_kms_signer(
            key.removeprefix(_KMS), name, region=target.region, aws_profile=target.aws_profile,
            access=access_of(ctx),
        )  # fmt: skip
    from audittui.cli.key import read_signer_key

    signer = read_signer_key(Path(key))
    if name and name != signer.name:
        raise UsageError(f"The key's name is {signer.name}, not {name}.", "Omit --name.")
    return signer
