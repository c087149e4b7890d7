"""A signing key in AWS KMS: Ed25519 (``ECC_NIST_EDWARDS25519``), which never leaves it.

Sources: AWS KMS API reference, "Sign" and "GetPublicKey"; ``ED25519_SHA_512`` over the raw message
is Ed25519 of RFC 8032.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audittui.errors import StoreError, UsageError
from audittui.integrity.keys import VerifierKey
from audittui.integrity.note import valid_key_name

if TYPE_CHECKING:
    from collections.abc import Callable

_ALGORITHM = "ED25519_SHA_512"
_SECONDS = 10


class KmsSigner:
    """Signs with the key ``arn`` of AWS KMS, under the log's ``name``.

    Reads the public key once. Raises `UsageError` for a key that is not Ed25519 or a name that a
    key cannot have, `StoreError` when KMS does not answer or refuses.
    """

    def __init__(self, client: Any, arn: str, name: str) -> None:
        if not valid_key_name(name):
            raise UsageError(
                f"{name!r} cannot be a key's name.",
                "Give --name, such as audit.example.com: no spaces, no plus.",
            )
        self._client = client
        self._arn = arn
        answer = self._asked(lambda: client.get_public_key(KeyId=arn))
        self.verifier = VerifierKey(name, _public_key(answer.get("PublicKey", b""), arn))

    def sign(self, text: bytes) -> bytes:
        """The 64-byte signature over ``text``. Raises `StoreError`."""
        answer = self._asked(
            lambda: self._client.sign(
                KeyId=self._arn, Message=text, MessageType="RAW", SigningAlgorithm=_ALGORITHM
            )
        )
        signature = bytes(answer.get("Signature", b""))
        if not self.verifier.holds(text, signature):
            raise StoreError(
                "AWS KMS gave a signature that does not hold.",
                "Nothing was written; try again.",
                kind="corrupt",
            )
        return signature

    def _asked(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise _refusal(code, self._arn) from None
        except BotoCoreError as error:
            raise StoreError(
                f"AWS KMS did not answer: {error}.",
                "Check the region, the credentials and the network.",
                kind="network",
            ) from None


def open_kms_signer(
    arn: str, name: str, *, region: str | None = None, aws_profile: str | None = None
) -> KmsSigner:
    """The signer for a key's ARN (or alias ARN), whose region is taken from it."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    parts = arn.split(":")
    if len(parts) > 3 and parts[0] == "arn" and parts[3]:
        region = parts[3]
    settings = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS)
    try:
        session: Any = Session(profile=aws_profile)
        client = session.create_client("kms", region_name=region, config=settings)
    except BotoCoreError as error:
        raise StoreError(
            f"AWS KMS cannot be reached: {error}.", "Give the key's whole ARN.", kind="credentials"
        ) from None
    return KmsSigner(client, arn, name)


def _public_key(der: bytes, arn: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(der)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            f"The key {arn} is not an Ed25519 key.",
            "Create one with key spec ECC_NIST_EDWARDS25519 and usage SIGN_VERIFY.",
        )
    return key.public_bytes_raw()


def _refusal(code: str, arn: str) -> StoreError:
    if code in ("AccessDeniedException", "AccessDenied"):
        return StoreError(
            f"AWS KMS does not let you use {arn}.",
            "Sealing takes kms:GetPublicKey and kms:Sign.",
            kind="permission",
        )
    if code == "NotFoundException":
        return StoreError(
            f"AWS KMS has no key {arn}.", "Check the ARN and its region.", kind="invalid"
        )
    if code in ("ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"):
        return StoreError(
            "The AWS credentials are expired or not known.",
            "Renew them (aws sso login, for instance) and try again.",
            kind="credentials",
        )
    if code in ("ThrottlingException", "KMSInternalException", "DependencyTimeoutException"):
        return StoreError("AWS KMS is busy.", "Try again in a moment.", kind="throttled")
    return StoreError(
        f"AWS KMS refused: {code or 'no reason given'}.", "See the key's state.", kind="other"
    )
