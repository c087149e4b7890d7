"""Seals with a key in AWS KMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audittui.errors import StoreError, UsageError
from audittui.integrity.tlog.keys import VerifierKey
from audittui.integrity.tlog.note import valid_key_name

if TYPE_CHECKING:
    from audittui.aws.access import Access
    from audittui.aws.kms import KmsKey


class KmsSigner:
    """Signs with ``key`` under the log's ``name``; the public key is read once.

    Raises `UsageError` for a key that is not Ed25519 or an invalid key name, `StoreError` if KMS
    does not answer or refuses.
    """

    def __init__(self, key: KmsKey, name: str) -> None:
        if not valid_key_name(name):
            raise UsageError(
                f"{name!r} is not a valid key name.",
                "Give --name, such as audit.example.com, without spaces or a plus sign.",
            )
        self._key = key
        self.verifier = VerifierKey(name, key.public_key())

    def sign(self, text: bytes) -> bytes:
        """The 64-byte signature over ``text``. Raises `StoreError`."""
        signature = self._key.sign(text)
        if not self.verifier.holds(text, signature):
            raise StoreError(
                "AWS KMS returned an invalid signature.",
                "Nothing was written; try again.",
                kind="corrupt",
            )
        return signature


def open_kms_signer(
    arn: str,
    name: str,
    *,
    region: str | None = None,
    aws_profile: str | None = None,
    access: Access | None = None,
) -> KmsSigner:
    """The signer for a key's ARN (or alias ARN), which also gives the region. ``access`` says how
    to reach AWS on behalf of a person (None: without one). Raises what `KmsSigner` raises."""
    from audittui.aws.access import NOBODY
    from audittui.aws.kms import open_kms_key

    key = open_kms_key(arn, region=region, aws_profile=aws_profile, access=access or NOBODY)
    return KmsSigner(key, name)
