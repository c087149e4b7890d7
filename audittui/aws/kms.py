"""A signing key in AWS KMS: Ed25519 (``ECC_NIST_EDWARDS25519``), which never leaves KMS.

Sources: AWS KMS API reference, "Sign" and "GetPublicKey"; ``ED25519_SHA_512`` over the raw message
is Ed25519 of RFC 8032.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audittui.aws.access import NOBODY
from audittui.errors import StoreError, UsageError
from audittui.escape import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from audittui.aws.access import Access
    from audittui.aws.place import Place

_ALGORITHM = "ED25519_SHA_512"
_SECONDS = 10


class KmsKey:
    """The key ``arn`` in AWS KMS. ``place`` is named by errors about the credentials."""

    def __init__(self, client: Any, arn: str, place: Place | None = None) -> None:
        self._client = client
        self._arn = arn
        self._place = place

    def public_key(self) -> bytes:
        """The 32 bytes of the public key. Raises `UsageError` for a key that is not Ed25519,
        `StoreError` if KMS does not answer or refuses."""
        answer = self._asked(lambda: self._client.get_public_key(KeyId=self._arn))
        return _public_key(answer.get("PublicKey", b""), self._arn)

    def sign(self, text: bytes) -> bytes:
        """The signature over ``text``, as KMS returns it. Raises `StoreError`."""
        answer = self._asked(
            lambda: self._client.sign(
                KeyId=self._arn, Message=text, MessageType="RAW", SigningAlgorithm=_ALGORITHM
            )
        )
        return bytes(answer.get("Signature", b""))

    def _asked(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        from botocore.exceptions import ClientError

        from audittui.aws.errors import told_plainly
        from audittui.aws.lenders import lender_of
        from audittui.aws.place import Place

        meta = self._client.meta
        place = self._place or Place("AWS KMS", meta.region_name, meta.endpoint_url)
        try:
            with told_plainly(place):
                try:
                    return call()
                except ClientError as error:
                    if lender_of(error.operation_name):
                        raise
                    raise _refusal(error.response, self._arn) from error
        except StoreError as told:
            if told.kind != "network" or not told.message.startswith(place.endpoint):
                raise
            raise StoreError(
                f"AWS KMS did not answer: {told.message}",
                "Check the network, the proxy and the region of the key's ARN.",
                kind="network",
                brief=told.brief,
            ) from told


def open_kms_key(
    arn: str,
    *,
    region: str | None = None,
    aws_profile: str | None = None,
    access: Access = NOBODY,
) -> KmsKey:
    """The key of an ARN (or alias ARN), which also gives the region. ``access`` says how AWS is
    reached on behalf of a person. Sends nothing to KMS yet. Raises `StoreError` without a region or
    credentials."""
    from botocore.config import Config

    from audittui.aws.errors import told_plainly
    from audittui.aws.session import find_credentials, open_session

    parts = arn.split(":")
    if len(parts) > 3 and parts[0] == "arn" and parts[3]:
        region = parts[3]
    session, place = open_session(
        "AWS KMS", region=region, endpoint_url=None, aws_profile=aws_profile, access=access
    )
    if not place.region:
        raise StoreError(
            f"The region of the key {escaped(arn)} is unknown.",
            "Give the key's full ARN.",
            kind="invalid",
            usage=True,
        )
    place = find_credentials(session, place, explicit=aws_profile is not None)
    settings = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS)
    with told_plainly(place):
        client = session.create_client("kms", region_name=place.region, config=settings)
    return KmsKey(client, arn, place._replace(endpoint=client.meta.endpoint_url))


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


_REFUSALS: dict[str, tuple[str, str, str]] = {
    "AccessDeniedException": (
        "permission",
        "AWS KMS does not let you use {arn}.",
        "Sealing needs kms:GetPublicKey and kms:Sign, in IAM and in the key's own policy.",
    ),
    "NotFoundException": ("missing", "AWS KMS has no key {arn}.", "Check the ARN and its region."),
    "InvalidArnException": (
        "missing", "{arn} is not the ARN of a key.", "Give the key's full ARN."
    ),
    "DisabledException": (
        "other",
        "The key {arn} is disabled.",
        "Enable it (aws kms enable-key --key-id {arn}), or seal with another key.",
    ),
    "KMSInvalidStateException": (
        "other",
        "The key {arn} cannot be used in its present state: {detail}",
        "Run aws kms describe-key --key-id {arn}. If it is pending deletion, restore it with "
        "aws kms cancel-key-deletion.",
    ),
    "KeyUnavailableException": (
        "throttled", "The key {arn} is not available right now.", "Try again in a moment."
    ),
    "InvalidKeyUsageException": (
        "other",
        "The key {arn} cannot sign: {detail}",
        "Create one with key spec ECC_NIST_EDWARDS25519 and usage SIGN_VERIFY.",
    ),
    "ThrottlingException": ("throttled", "AWS KMS is busy.", "Try again in a moment."),
    "KMSInternalException": ("throttled", "AWS KMS is busy.", "Try again in a moment."),
    "DependencyTimeoutException": ("throttled", "AWS KMS is busy.", "Try again in a moment."),
    "ExpiredTokenException": (
        "credentials",
        "AWS KMS reports that the AWS credentials have expired.",
        "Renew them (aws sso login, for instance) and try again.",
    ),
    "UnrecognizedClientException": (
        "credentials",
        "AWS KMS does not accept the AWS credentials.",
        "Check AWS_PROFILE, AWS_ACCESS_KEY_ID and --aws-profile, and the clock of this machine.",
    ),
}  # fmt: skip
"""By code: the kind of error, what happened, what to do."""
_SAME = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "InvalidSignatureException": "UnrecognizedClientException",
    "InvalidClientTokenId": "UnrecognizedClientException",
}


def _refusal(response: Any, arn: str) -> StoreError:
    said = response.get("Error", {})
    code = str(said.get("Code", ""))
    kind, message, hint = _REFUSALS.get(
        _SAME.get(code, code),
        ("other", "AWS KMS refused: {code}: {detail}", "See aws kms describe-key --key-id {arn}."),
    )
    detail = shortened(escaped(" ".join(str(said.get("Message", "")).split())).rstrip("."), 300)
    values = {"arn": escaped(arn), "code": escaped(code or "no reason given"), "detail": detail}
    request = response.get("ResponseMetadata", {}).get("RequestId")
    told = hint.format(**values) + (f" Request id: {escaped(str(request))}." if request else "")
    usage = kind == "missing"
    sentence = message.format(**values).rstrip(":. ") + "."
    return StoreError(sentence, told, kind="invalid" if usage else kind, usage=usage)
