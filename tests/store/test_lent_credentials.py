"""Credentials that another service lends: its faults are told as its own, and a code is asked once.

An STS of this machine answers what a test wants; the table's endpoint refuses every connection.
"""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from audittui.aws import roles
from audittui.cli.main import run
from audittui.connection import Target, open_connection
from audittui.errors import StoreError

ROLE = "arn:aws:iam::123456789012:role/reader"
DEVICE = "arn:aws:iam::123456789012:mfa/ann"
CONFIG = f"""\
[profile base]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI
[profile role]
role_arn = {ROLE}
source_profile = base
[profile mfa]
role_arn = {ROLE}
source_profile = base
mfa_serial = {DEVICE}
[profile through]
role_arn = {ROLE}
source_profile = mfa
[profile web]
role_arn = {ROLE}
web_identity_token_file = /no/such/token
[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = reader
[profile lost]
role_arn = {ROLE}
source_profile = gone
[profile silent]
credential_process = sh -c "exit 3"
[profile talks]
credential_process = sh -c "echo run vpn-login >&2; exit 3"
[profile prints]
credential_process = echo nothing
[profile gone-program]
credential_process = no-such-program
"""
LENT = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""


class Sts:
    """What the STS answers: a status, with an error's code and text; 200 lends."""

    def __init__(self) -> None:
        self.status, self.code, self.text = 200, "", ""
        self.asked: list[dict[str, list[str]]] = []

    @property
    def body(self) -> bytes:
        if self.status == 200:
            return LENT.encode()
        error = f"<Error><Code>{self.code}</Code><Message>{self.text}</Message></Error>"
        return f"<ErrorResponse>{error}<RequestId>id-of-sts</RequestId></ErrorResponse>".encode()


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sts]:
    told = Sts()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            told.asked.append(parse_qs(self.rfile.read(length).decode()))
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_address[1]}")
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with these profiles, whose table cannot be reached; one attempt a request."""
    (tmp_path / "aws-config").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(roles, "_of_this_process", {})
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)


def asked(profile: str, *more: str) -> int:
    """The exit code of a run with an AWS profile; its table is at a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
        words = ["--table", "audit-log", "--region", "eu-west-1", "--endpoint-url", endpoint]
        return run(["run", "time-window", *words, "--aws-profile", profile, *more])


@pytest.mark.parametrize(
    ("status", "code", "text", "words"),
    [
        (
            403, "AccessDenied", f"User: x is not authorized to perform: sts:AssumeRole on {ROLE}",
            ["AWS STS refuses AssumeRole for the AWS profile role: User: x", "role_arn"],
        ),
        (
            403, "InvalidClientTokenId", "The security token is invalid.",
            ["AWS STS does not accept the source credentials of AWS profile role"],
        ),
        (403, "ExpiredToken", "expired", ["source credentials of AWS profile role have expired"]),
        (500, "InternalFailure", "", ["AWS STS failed to answer (InternalFailure)"]),
        (400, "Throttling", "Rate exceeded", ["AWS STS is throttling"]),
        (400, "OddNewThing", "in its words", ["AWS STS answered AssumeRole with OddNewThing"]),
    ],
)  # fmt: skip
def test_what_sts_says_is_told_as_its_own(
    sts: Sts, capsys: pytest.CaptureFixture[str], status: int, code: str, text: str,
    words: list[str],
) -> None:  # fmt: skip
    sts.status, sts.code, sts.text = status, code, text
    assert asked("role") == 1
    told = capsys.readouterr().err
    for word in (*words, "Request id: id-of-sts."):
        assert word in told
    assert "dynamodb" not in told.lower() and "audit-log" not in told


def test_an_sts_that_cannot_be_reached_is_the_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", endpoint)
        assert asked("role") == 1
    told = capsys.readouterr().err
    assert f"AWS STS ({endpoint}) cannot be reached." in told
    assert "--endpoint-url" not in told


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("web", "The web identity token file /no/such/token cannot be read: no such file"),
        (
            "sso",
            "There is no login to IAM Identity Center for the AWS profile sso. Log in",
        ),
        ("lost", 'The source_profile "gone" referenced in the profile "lost" does not exist.'),
        (
            "silent",
            "credential_process of AWS profile silent failed: it ended without a message.",
        ),
        ("talks", "The credential_process of AWS profile talks failed: run vpn-login."),
        ("prints", "profile prints failed: it did not print credentials as JSON."),
        ("gone-program", "gone-program failed: no-such-program: no such file or directory."),
    ],
)
def test_what_was_to_give_credentials_is_named_with_its_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, profile: str, words: str
) -> None:
    assert asked(profile) == 1
    told = capsys.readouterr().err
    assert words in told and len(told.splitlines()) == 1
    assert profile == "sso" or str(tmp_path / "aws-config") in told


def test_a_code_is_asked_for_once_and_the_session_kept_where_the_aws_cli_keeps_it(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return "123456"

    monkeypatch.setattr("audittui.cli.prompt.ask_code", answer)
    for _ in range(2):
        assert asked("mfa") == 1
        assert "127.0.0.1" in capsys.readouterr().err  # the table cannot be reached: it got so far
    assert questions == [f"MFA code for {DEVICE} (AWS profile mfa): "]
    assert sts.asked[0]["TokenCode"] == ["123456"] and len(sts.asked) == 1
    (kept,) = (tmp_path / ".aws" / "cli" / "cache").iterdir()
    assert json.loads(kept.read_text())["Credentials"]["AccessKeyId"] == "ASIAIOSFODNN7EXAMPLE"
    assert kept.stat().st_mode & 0o077 == 0
    assert asked("mfa", "--no-session-cache") == 1
    assert len(questions) == 2 and len(list(kept.parent.iterdir())) == 1
    assert asked("through") == 1
    assert len(questions) == 2  # the role on the way is the one whose session is kept


def test_what_is_no_code_is_not_sent(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("audittui.cli.prompt.ask_code", lambda _: "12345")
    assert asked("mfa") == 2
    assert "That is not an MFA code, which has 6 digits." in capsys.readouterr().err
    assert sts.asked == []
    sts.status, sts.code = 403, "AccessDenied"
    sts.text = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    monkeypatch.setattr("audittui.cli.prompt.ask_code", lambda _: "000000")
    assert asked("mfa") == 1
    assert "AWS STS does not accept the MFA code. Wait for the next" in capsys.readouterr().err


def test_a_key_of_kms_is_reached_by_the_same_roles_and_codes(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{probe.getsockname()[1]}")
        key = "kms:arn:aws:kms:eu-west-1:123456789012:key/1"
        words = ["seal", "--key", key, "--name", "audit.example.com"]
        words += ["--table", "t", "--region", "eu-west-1", "--aws-profile"]
        monkeypatch.setattr("audittui.cli.prompt.ask_code", lambda _: "123456")
        assert run([*words, "mfa"]) == 1
        told = capsys.readouterr().err
        assert "AWS KMS did not answer: http://127.0.0.1" in told and "ARN" in told
        assert sts.asked[0]["TokenCode"] == ["123456"]
        sts.status, sts.code, sts.text = 403, "AccessDenied", "not yours"
        (kept,) = (tmp_path / ".aws" / "cli" / "cache").iterdir()
        kept.unlink()
        assert run([*words, "role"]) == 1
        told = capsys.readouterr().err
        assert "AWS STS refuses AssumeRole for the AWS profile role: not yours." in told
        assert "KMS" not in told
        assert run([*words, "web"]) == 1
        assert "The web identity token file /no/such/token" in capsys.readouterr().err


@pytest.mark.parametrize("profile", ["mfa", "through"])
def test_where_nobody_can_be_asked_the_sentence_says_what_to_do(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    def never(*_: object) -> str:
        raise AssertionError("botocore asks over the application")

    monkeypatch.setattr("getpass.getpass", never)
    target = Target(table="t", region="eu-west-1", aws_profile=profile)
    with pytest.raises(StoreError) as told:
        open_connection(target, read_only=True)
    assert told.value.kind == "credentials"
    assert f"AWS profile {profile} needs an MFA code" in told.value.message
    assert f"aws sts get-caller-identity --profile {profile}" in told.value.hint
    assert sts.asked == []


def test_a_session_that_is_kept_serves_where_nobody_can_be_asked(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("audittui.cli.prompt.ask_code", lambda _: "123456")
    asked("mfa")
    target = Target(table="t", region="eu-west-1", aws_profile="mfa")
    open_connection(target, read_only=True).store.close()
    assert len(sts.asked) == 1


def test_a_cache_that_cannot_be_written_or_read_is_as_if_empty(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("audittui.cli.prompt.ask_code", lambda _: "123456")
    asked("mfa")
    (kept,) = (tmp_path / ".aws" / "cli" / "cache").iterdir()
    kept.write_text("{")
    asked("mfa")
    assert len(sts.asked) == 2
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_text("no folder")
    asked("mfa")
    assert len(sts.asked) == 3


@pytest.mark.parametrize("content", [None, "garbage", ""])
def test_a_bundle_of_certificates_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    content: str | None,
) -> None:  # fmt: skip
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"https://127.0.0.1:{server.getsockname()[1]}"
        words = ["--table", "t", "--region", "eu-west-1", "--endpoint-url", endpoint]
        assert run(["run", "time-window", *words]) == 1
    told = capsys.readouterr().err
    why = "No such file or directory." if content is None else "it contains no certificate."
    assert f"The certificates in {bundle} cannot be read: {why} Check AWS_CA_BUNDLE" in told


def test_a_handshake_that_is_cut_off_is_no_fault_of_the_bundle() -> None:
    from botocore.exceptions import SSLError

    from audittui.aws.errors import client_error
    from audittui.aws.place import Place

    cut = SSLError(endpoint_url="https://x", error=ssl.SSLEOFError(8, "EOF occurred"))
    assert client_error(cut, Place("t", "eu-west-1", "https://x")).kind == "network"
