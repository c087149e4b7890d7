"""A key in AWS KMS, as botocore's Stubber plays it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audittui.aws.kms import KmsKey
from audittui.entry import Draft
from audittui.errors import StoreError, UsageError
from audittui.integrity.sealing.kms import KmsSigner, open_kms_signer
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.trust import Trust
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

ARN = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
LAYOUT = load_layout("native")


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "kms", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def test_a_checkpoint_is_signed_by_the_key_in_kms(client: Any) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    AuditLog(store, "payments/0").append(Draft(actor="a", action="b"))
    with Stubber(client) as stub:
        stub.add_response("get_public_key", {"PublicKey": DER}, {"KeyId": ARN})
        signer = KmsSigner(KmsKey(client, ARN), "audit.example.com")
        texts: list[bytes] = []

        class Recording(KmsSigner):
            def sign(self, text: bytes) -> bytes:
                texts.append(text)
                stub.add_response(
                    "sign",
                    {"Signature": KEY.sign(text)},
                    {
                        "KeyId": ARN, "Message": text, "MessageType": "RAW",
                        "SigningAlgorithm": "ED25519_SHA_512",
                    },
                )  # fmt: skip
                return super().sign(text)

        signer.__class__ = Recording
        seal = Sealer(store, LAYOUT, "payments/0", signer).seal()
        stub.assert_no_pending_responses()
    assert Trust((signer.verifier,)).checkpoint(seal.note, "payments/0").size == 1
    assert [text.split(b"\n")[0] for text in texts] == [b"audit.example.com/payments/0"] * 2
    store.close()


def test_a_signature_that_does_not_hold_is_refused(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response("get_public_key", {"PublicKey": DER}, {"KeyId": ARN})
        signer = KmsSigner(KmsKey(client, ARN), "audit.example.com")
        stub.add_response("sign", {"Signature": bytes(64)})
        with pytest.raises(StoreError, match="invalid signature"):
            signer.sign(b"text\n")


@pytest.mark.parametrize("der", [b"", b"nonsense"])
def test_what_is_no_key_is_refused(client: Any, der: bytes) -> None:
    with Stubber(client) as stub:
        stub.add_response("get_public_key", {"PublicKey": der}, {"KeyId": ARN})
        with pytest.raises(UsageError, match="not an Ed25519 key"):
            KmsSigner(KmsKey(client, ARN), "audit.example.com")


def test_a_key_of_another_kind_is_refused(client: Any) -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    der = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with Stubber(client) as stub:
        stub.add_response("get_public_key", {"PublicKey": der}, {"KeyId": ARN})
        with pytest.raises(UsageError, match="ECC_NIST_EDWARDS25519"):
            KmsSigner(KmsKey(client, ARN), "audit.example.com")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", "permission"), ("NotFoundException", "invalid"),
        ("ExpiredTokenException", "credentials"), ("ThrottlingException", "throttled"),
        ("DisabledException", "other"), ("KMSInvalidStateException", "other"),
        ("InvalidKeyUsageException", "other"), ("KeyUnavailableException", "throttled"),
        ("InvalidArnException", "invalid"), ("SomethingNew", "other"),
    ],
)  # fmt: skip
def test_what_kms_refuses_is_one_sentence(client: Any, code: str, kind: str) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("get_public_key", code, "a long story")
        with pytest.raises(StoreError) as caught:
            KmsSigner(KmsKey(client, ARN), "audit.example.com")
    assert caught.value.kind == kind
    assert caught.value.hint.endswith(".") and caught.value.message.endswith(".")
    assert "{" not in str(caught.value) and ".." not in str(caught.value)


def test_a_disabled_key_and_one_that_waits_for_its_deletion_are_explained(client: Any) -> None:
    for code, text, words in (
        ("DisabledException", f"{ARN} is disabled.", "is disabled. Enable it"),
        ("KMSInvalidStateException", f"{ARN} is pending deletion.", "is pending deletion. Run aws"),
    ):
        with Stubber(client) as stub:
            stub.add_client_error("get_public_key", code, text, response_meta={"RequestId": "id-9"})
            with pytest.raises(StoreError) as caught:
                KmsSigner(KmsKey(client, ARN), "audit.example.com")
        assert words in str(caught.value) and "Request id: id-9." in str(caught.value)


def test_a_name_is_needed_and_a_region(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="is not a valid key name"):
        KmsSigner(KmsKey(client, ARN), "a b")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(StoreError, match="full ARN"):
        open_kms_signer("alias/sealer", "audit.example.com")
