"""What people read of their AWS credentials: where they come from, never what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audittui.aws.place import Place
from audittui.errors import StoreError
from audittui.store.dynamodb.client import make_client
from audittui.store.dynamodb.errors import service_error
from tests.store.error_style import assert_reads_well

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
EXPIRED = "ExpiredTokenException"
CONFIGURED: dict[str, tuple[str, str]] = {
    "of the role that AWS profile ops assumes": (
        "role_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = base\n",
        "aws sso login --profile ops",
    ),
    "from IAM Identity Center, AWS profile ops": (
        "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_account_id = 123456789012\nsso_role_name = reader\n",
        "aws sso login --profile ops",
    ),
    "from the AWS configuration, AWS profile ops": (
        f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n",
        "Renew them",
    ),
    "from the credential_process of AWS profile ops": (
        "credential_process = cat CREDENTIALS\n",
        "that program",
    ),
}


def place_of(**given: str | None) -> Place:
    """The place that the errors of a client name, made from the surroundings."""
    known = {"region": "eu-west-1", "endpoint_url": None, "aws_profile": None} | given
    return make_client("audit-log", **known)[1]  # type: ignore[arg-type]


@pytest.mark.parametrize("named_by", ["option", "AWS_PROFILE"])
@pytest.mark.parametrize("words", CONFIGURED)
def test_expired_credentials_are_told_with_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str, named_by: str
) -> None:
    settings, renewal = CONFIGURED[words]
    config = tmp_path / "config"
    base = f"[profile base]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    answer = {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    (tmp_path / "answer").write_text(json.dumps(answer))
    settings = settings.replace("CREDENTIALS", str(tmp_path / "answer"))
    config.write_text(f"[profile ops]\n{settings}\n{base}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    if named_by == "AWS_PROFILE":
        monkeypatch.setenv("AWS_PROFILE", "ops")
    place = place_of(aws_profile="ops" if named_by == "option" else None)
    told = service_error(EXPIRED, "", "Query", place)
    assert told.message == f"The AWS credentials ({words}) have expired."
    assert renewal in told.hint
    assert_reads_well(told)
    tried = dict(told.tried)
    assert tried["credentials"].startswith(words)
    assert tried["AWS profile"] == ("ops" if named_by == "option" else "ops, AWS_PROFILE")
    assert SECRET not in str(told.tried) and KEY_ID not in str(told.tried)
    assert KEY_ID[-5:] not in str(told.tried)


def test_credentials_of_the_environment_are_told_by_the_end_of_their_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    told = service_error(EXPIRED, "", "Query", place_of())
    assert "(from the environment: AWS_ACCESS_KEY_ID)" in told.message
    assert dict(told.tried) == {
        "credentials": "from the environment: AWS_ACCESS_KEY_ID (key …MPLE)",
        "AWS profile": "default",
        "region": "eu-west-1",
        "endpoint": "https://dynamodb.eu-west-1.amazonaws.com",
    }
    wrong = service_error("UnrecognizedClientException", "", "Query", place_of())
    assert "(from the environment: AWS_ACCESS_KEY_ID)" in wrong.message


def test_a_short_key_is_not_told_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "hush")
    assert "hush" not in str(place_of().tried)


@pytest.mark.parametrize(
    ("variables", "profile", "words"),
    [
        ({}, None, "not in the environment or in ~/.aws for the AWS profile default."),
        ({}, "ops", "not in ~/.aws for the AWS profile ops."),
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/"}, "ops",
            "not in ~/.aws for the AWS profile ops or of this container.",
        ),
        (
            {"AWS_EC2_METADATA_DISABLED": "false"}, None,
            "not in the environment, in ~/.aws for the AWS profile default or of this machine's"
            " role.",
        ),
    ],
)  # fmt: skip
def test_where_credentials_were_looked_for_in_vain_is_told_once_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str],
    profile: str | None, words: str,
) -> None:  # fmt: skip
    config = tmp_path / "config"
    config.write_text("[profile ops]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    looked: list[object] = []

    def look(resolver: object) -> None:
        looked.append(resolver)

    monkeypatch.setattr("botocore.credentials.CredentialResolver.load_credentials", look)
    with pytest.raises(StoreError) as told:
        place_of(aws_profile=profile)
    assert told.value.message == f"No AWS credentials were found: {words}"
    assert told.value.kind == "credentials"
    assert dict(told.value.tried)["credentials"] == "none found"
    assert dict(told.value.tried)["endpoint"] == "AWS's own in eu-west-1"
    assert len(looked) == 1
    assert_reads_well(told.value)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_REGION": "eu-north-1"}, "eu-north-1, from AWS_REGION"),
        ({"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1, from AWS_DEFAULT_REGION"),
        (
            {"AWS_PROFILE": "ops"},
            "eu-central-1, from the AWS configuration, AWS profile ops",
        ),
    ],
)
def test_the_region_is_told_with_what_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile ops]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert dict(place_of(region=None).tried)["region"] == words


def test_a_profile_of_the_environment_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError) as told:
        place_of()
    assert "'nobody'" in told.value.message
    assert dict(told.value.tried)["AWS profile"] == "nobody, AWS_PROFILE"


def test_connecting_again_reads_what_a_login_wrote_meanwhile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for end in ("ONE1", "TWO2"):
        path.write_text(
            f"[default]\naws_access_key_id = {KEY_ID[:-4]}{end}\naws_secret_access_key = {SECRET}\n"
        )
        assert f"(key …{end})" in str(place_of().tried)


@pytest.mark.parametrize("program", ["echo not JSON", "no-such-program-anywhere"])
def test_a_credential_process_that_fails_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[profile ops]\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(StoreError) as told:
        place_of(aws_profile="ops")
    assert told.value.kind == "credentials"
    assert "The credential_process of AWS profile ops failed" in told.value.message
    assert_reads_well(told.value)
