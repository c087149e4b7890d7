"""How an event ended, from everything that CloudTrail writes of it."""

from __future__ import annotations

from typing import Any

import pytest

from audittui.ingest.cloudtrail import draft_of


def record(source: str, name: str, **fields: Any) -> dict[str, Any]:
    return {
        "eventTime": "2026-11-24T10:00:00Z", "eventSource": f"{source}.amazonaws.com",
        "eventName": name, "eventID": "e1", "awsRegion": "us-east-1",
        "recipientAccountId": "123456789012", "requestParameters": None, "responseElements": None,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/ann"}, **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied", "AccessDeniedException", "Client.AccessDenied", "Access Denied",
        "Client.UnauthorizedOperation", "UnauthorizedOperation", "UnauthorizedException",
        "UnauthorizedAccess", "UnauthorizedClientException", "Unauthorized", "401 Unauthorized",
        "UnrecognizedClientException", "KMSAccessDeniedException", "Lambda.AccessDeniedException",
        "KMS.AccessDeniedException", "VpceAccessDenied", "InvalidAccessKeyId",
        "Client.InvalidClientTokenId", "InvalidClientTokenId", "403 Forbidden", "403", 403,
        "Forbidden", "ForbiddenException", "NotAuthorizedException", "NotAuthorized",
        "Client.AuthFailure", "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
        "AuthorizationErrorException", "SignatureDoesNotMatch", "InvalidSignatureException",
        "MissingAuthenticationTokenException", "ExpiredToken", "ExpiredTokenException",
        "OptInRequired", "InsufficientPermissionsException", "InsufficientPrivilegesException",
        "PermissionDenied", "ExplicitDeny", "InvalidSecurity", "AllAccessDisabled",
        "AccessDeniedForDependencyException", "Failed authentication", "RegionDisabledException",
        "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "ACCESS_DENIED",
        "NOT_AUTHORIZED", "AssumeRoleDenied", "CloudTrailInvalidClientTokenIdException",
        "InvalidIdentityToken", "InvalidIdentityTokenException", "InvalidToken", "InvalidTokenId",
        "InvalidTokenException", "RequestExpired", "RequestTimeTooSkewed", "TokenRefreshRequired",
        "AuthenticationFailed", "InvalidCredentials",
    ],
)  # fmt: skip
def test_every_spelling_of_a_denial_is_denied(code: Any) -> None:
    draft = draft_of(record("s3", "GetBucketAcl", errorCode=code, errorMessage="in its words"))
    assert (draft.outcome, draft.reason) == ("denied", str(code))


@pytest.mark.parametrize(
    "code",
    [
        "NoSuchBucket", "ThrottlingException", "Client.InvalidSecurityGroupID.NotFound",
        "AuthorizationNotFound", "AuthorizationAlreadyExists", "Client.DryRunOperation",
        "InsufficientInstanceCapacity", "ValidationException", "KMSInvalidSignatureException",
        "Client.InvalidInstanceID.NotFound", "ResourceNotFoundException", "404", "500",
        "InvalidNextTokenException", "DisabledException", "InvalidPaginationTokenException",
        "Client.InvalidPermission.NotFound", "OperationNotPermitted",
        "AuthorizationPendingException", "ExpiredNextTokenException", "InvalidGrantTokenException",
    ],
)  # fmt: skip
def test_other_errors_are_failures(code: str) -> None:
    draft = draft_of(record("ec2", "DescribeInstances", errorCode=code))
    assert (draft.outcome, draft.reason) == ("failure", code)


SIGN_INS = (
    ("signin", "ConsoleLogin", "responseElements"), ("signin", "CheckMfa", "responseElements"),
    ("signin", "SwitchRole", "responseElements"),
    ("signin", "CredentialVerification", "serviceEventDetails"),
    ("signin", "UserAuthentication", "serviceEventDetails"),
    ("signin", "CredentialChallenge", "serviceEventDetails"),
    ("signin", "PasswordRecoveryRequested", "responseElements"),
)  # fmt: skip


@pytest.mark.parametrize(("source", "name", "part"), SIGN_INS)
@pytest.mark.parametrize("message", [None, "Failed authentication"])
def test_a_failed_sign_in_is_denied_with_its_message_as_reason(
    source: str, name: str, part: str, message: str | None
) -> None:
    draft = draft_of(record(source, name, **{part: {name: "Failure"}, "errorMessage": message}))
    assert (draft.outcome, draft.reason, draft.severity) == ("denied", message, "medium")
    assert draft_of(record(source, name, **{part: {name: "Success"}})).outcome == "success"


@pytest.mark.parametrize(
    ("fields", "outcome", "reason"),
    [
        ({"errorMessage": "No username found in supplied account"}, "denied", True),
        ({"errorMessage": "User: x is not authorized to perform: s3:Get"}, "denied", True),
        ({"errorMessage": "The bucket is full"}, "failure", True),
        ({"errorCode": "", "errorMessage": ""}, "success", None),
        ({"responseElements": {"SomeCall": "Failure"}}, "failure", None),
        ({"responseElements": {"_return": False}}, "failure", None),
        ({"responseElements": {"_return": True}}, "success", None),
        ({"responseElements": {"status": "FAILED", "id": "x"}}, "success", None),
        ({"serviceEventDetails": {"createAccountStatus": {
            "state": "FAILED", "failureReason": "EMAIL_ALREADY_EXISTS"}}},
         "failure", "EMAIL_ALREADY_EXISTS"),
        ({"serviceEventDetails": {"createManagedAccountStatus": {
            "state": "SUCCEEDED", "message": "AWS Control Tower created it."}}}, "success", None),
        ({"serviceEventDetails": {"createManagedAccountStatus": {
            "state": "FAILED", "message": "It could not."}}}, "failure", "It could not."),
        ({"serviceEventDetails": {"backupJobId": "x", "state": "FAILED", "statusMessage": "full"}},
         "failure", "full"),
        ({"serviceEventDetails": {"state": "COMPLETED", "errorCode": "0"}}, "success", None),
        ({"serviceEventDetails": {"errorCode": "AccessDeniedException"}}, "denied",
         "AccessDeniedException"),
        ({"serviceEventDetails": {"lifecycleEventFailureDetails": [
            {"lifecycleEventFailureCode": "x"}]}}, "failure", None),
        ({"serviceEventDetails": {"keyId": "k"}}, "success", None),
        ({"serviceEventDetails": {"previousState": "FAILED", "state": "SUCCEEDED"}}, "success",
         None),
        ({"serviceEventDetails": {"job": {"oldStatus": "ERROR", "newStatus": "OK"}}}, "success",
         None),
        ({"serviceEventDetails": {"backupJobId": "x", "state": "ABORTED"}}, "failure", None),
        ({"serviceEventDetails": {"status": "FAILED", "failureReason": "x is too long"}},
         "failure", "x is too long"),
        ({"errorCode": "AccessDenied",
          "errorMessage": "Authorization denied because of a resource-based policy",
          "responseElements": {"ConsoleLogin": "Failure"}}, "denied", "AccessDenied"),
    ],
)  # fmt: skip
def test_failures_that_have_no_code(
    fields: dict[str, Any], outcome: str, reason: str | bool | None
) -> None:
    draft = draft_of(record("example", "SomeCall", **fields))
    expected = fields["errorMessage"] if reason is True else reason
    assert (draft.outcome, draft.reason) == (outcome, expected)


@pytest.mark.parametrize("kind", ["AwsServiceEvent", "AWSServiceEvent"])
def test_a_services_own_failed_event_is_a_failure(kind: str) -> None:
    event = record("secretsmanager", "RotationFailed", eventType=kind)
    assert draft_of(event).outcome == "failure"


@pytest.mark.parametrize("part", ["responseElements", "serviceEventDetails", "errorCode"])
@pytest.mark.parametrize("value", [[], "x", 7, True, {"a": [[{"b": None}]]}, None])
def test_odd_shapes_do_no_harm(part: str, value: Any) -> None:
    assert draft_of(record("s3", "ListBuckets", **{part: value})).outcome in ("success", "failure")


@pytest.mark.parametrize(
    ("source", "name", "severity"),
    [
        ("iam", "DeleteRolePolicy", "high"), ("iam", "DetachUserPolicy", "high"),
        ("iam", "CreatePolicyVersion", "high"), ("iam", "GetUser", "info"),
        ("sso", "CreateAccountAssignment", "high"), ("s3", "DeleteBucketPolicy", "high"),
        ("s3", "PutAccountPublicAccessBlock", "high"),
        ("lambda", "AddPermission20150331v2", "high"),
        ("cloudtrail", "PutEventSelectors", "high"), ("kms", "CreateGrant", "high"),
        ("s3", "CreateBucket", "low"), ("iam", "DeleteGroup", "low"),
    ],
)  # fmt: skip
def test_changes_to_rights_and_to_what_is_watched_are_high(
    source: str, name: str, severity: str
) -> None:
    assert draft_of(record(source, name)).severity == severity


def test_read_only_may_be_a_text() -> None:
    assert draft_of(record("iam", "PutX", readOnly="true")).severity == "info"


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("eu-west-1", "aws"),
        ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)  # fmt: skip
def test_arns_are_of_the_regions_partition(region: str, partition: str) -> None:
    identity = {"type": "IAMUser", "accountId": "123456789012", "userName": "ann"}
    event = record(
        "s3", "CreateBucket", awsRegion=region, userIdentity=identity,
        requestParameters={"bucketName": "b"},
    )  # fmt: skip
    draft = draft_of(event)
    assert draft.resource == f"arn:{partition}:s3:::b"
    assert draft.actor == f"arn:{partition}:iam::123456789012:user/ann"
    role = {
        "type": "AssumedRole", "arn": f"arn:{partition}:sts::123456789012:assumed-role/ops/ann",
    }  # fmt: skip
    # A global service's events may lack the region; then the identity tells the partition.
    event = record(
        "iam", "GetRole", awsRegion="", userIdentity=role, requestParameters={"roleName": "r"}
    )
    assert draft_of(event).resource == f"arn:{partition}:iam::123456789012:role/r"
    assert draft_of(event).actor == f"arn:{partition}:iam::123456789012:role/ops"


@pytest.mark.parametrize(
    ("on", "resource"),
    [
        ("arn:aws:logs:us-east-1:1:log-group::log-stream:", None),
        ("arn:aws:logs:us-east-1:1:log-group:g:log-stream:",
         "arn:aws:logs:us-east-1:1:log-group:g"),
        ("arn:aws:logs:us-east-1:1:log-group:g:*", None),
        ("arn:aws:ssm:us-east-1:1:parameter/", None), ("arn:aws:sqs:us-east-1:1:", None),
        ("arn:aws:sqs:us-east-1:1:q", "arn:aws:sqs:us-east-1:1:q"),
    ],
)  # fmt: skip
def test_an_arn_without_a_name_is_no_resource(on: str, resource: str | None) -> None:
    message = f"User: x is not authorized to perform: logs:Get on resource: {on} because no policy"
    event = record("logs", "DescribeX", errorCode="AccessDenied", errorMessage=message)
    assert draft_of(event).resource == resource
    assert draft_of(record("logs", "X", resources=[{"ARN": on}])).resource == (
        "arn:aws:logs:us-east-1:1:log-group:g" if on.endswith(":*") else resource
    )


@pytest.mark.parametrize(
    ("source", "name", "response", "outcome"),
    [
        # All of what the two sign-in services do is signing in, and some events of others.
        ("signin", "NewWay", {"NewWay": "Failure"}, "denied"),
        ("sso", "NewWay", {"result": "rejected"}, "denied"),
        ("identitystore", "UserAuthentication", {"result": "Failure"}, "denied"),
        ("example", "NewWay", {"NewWay": "Failure"}, "failure"),
        ("example", "NewWay", {"NewWay": "unsuccessful"}, "failure"),
        ("example", "NewWay", {"NewWay": "access denied"}, "denied"),
        ("example", "NewWay", {"other": "rejected"}, "success"),
    ],
)
def test_what_a_response_says_of_the_event_itself(
    source: str, name: str, response: dict[str, str], outcome: str
) -> None:
    assert draft_of(record(source, name, responseElements=response)).outcome == outcome


@pytest.mark.parametrize("code", [True, False, None, [], {}, " "])
def test_a_code_that_says_nothing_is_no_error(code: Any) -> None:
    draft = draft_of(record("s3", "ListBuckets", errorCode=code, errorMessage=code))
    assert (draft.outcome, draft.reason) == ("success", None)


@pytest.mark.parametrize("part", ["serviceEventDetails", "additionalEventData"])
def test_a_services_failed_event_says_why_where_it_can(part: str) -> None:
    event = record(
        "secretsmanager", "RotationFailed", eventType="AwsServiceEvent",
        **{part: {"note": "x", "reason": "The function is gone."}},
    )  # fmt: skip
    draft = draft_of(event)
    assert (draft.outcome, draft.reason) == ("failure", "The function is gone.")


def test_a_name_alone_is_no_failure() -> None:
    assert draft_of(record("x", "TestStepFailed", eventType="AwsApiCall")).outcome == "success"
    event = record("x", "RotationSucceeded", eventType="AwsServiceEvent")
    assert draft_of(event).outcome == "success"


@pytest.mark.parametrize(("levels", "found"), [(0, True), (6, True), (7, False)])
@pytest.mark.parametrize("lists", [False, True])
def test_a_failure_is_looked_for_six_levels_deep(levels: int, found: bool, lists: bool) -> None:
    details: Any = {"state": "FAILED", "reason": "full"}
    for level in range(levels):
        # An object holds the lists, as in CloudTrail.
        details = [details] if lists and level + 1 < levels else {"inner": details}
    draft = draft_of(record("x", "Job", serviceEventDetails=details))
    assert (draft.outcome, draft.reason) == (("failure", "full") if found else ("success", None))


@pytest.mark.parametrize(("levels", "reason"), [(6, "full"), (7, None)])
def test_a_reason_is_looked_for_six_levels_deep(levels: int, reason: str | None) -> None:
    details: Any = {"reason": "full"}
    for _ in range(levels - 1):
        details = {"inner": details}
    draft = draft_of(record("x", "Job", serviceEventDetails={"state": "FAILED", "inner": details}))
    assert (draft.outcome, draft.reason) == ("failure", reason)
