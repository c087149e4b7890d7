"""The kind, the sentence and the advice for each error of the AWS client and of the services that
lend credentials.

Sources: botocore.exceptions; IAM, "Common errors".
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One row of the table: the kind, the sentence and the advice, as format strings.

    ``brief`` is the fault in two or three words. ``usage`` marks a name that does not exist.
    """

    kind: str
    message: str
    hint: str
    brief: str = ""
    usage: bool = False


EXPIRED = Rule("credentials", "The AWS credentials{source} have expired.", "{renewal}")
INVALID = Rule("invalid", "DynamoDB refused the request: {detail}", "")
NO_ANSWER = Rule(
    "network",
    "{endpoint} cannot be reached.",
    "Check the network, the proxy, --region and --endpoint-url.",
)
SLOW = Rule(
    "network",
    "{endpoint} did not answer in time.",
    "Check the network and try again.",
    "no answer in time",
)
UNTRUSTED = Rule(
    "other",
    "{endpoint} does not present a certificate that this machine trusts.",
    "Check --endpoint-url and AWS_CA_BUNDLE.",
)
NO_BUNDLE = Rule(
    "other",
    "The certificates in {bundle} cannot be read: {detail}",
    "Check {bundle_from}, which must name a PEM file of certificates.",
)
NO_LOGIN = Rule(
    "credentials",
    "There is no login to IAM Identity Center for the AWS profile {profile}.",
    "Log in ({login}) and try again.",
)


CLIENT_RULES: dict[str, Rule] = {
    "NoRegionError": Rule(
        "invalid",
        "No AWS region is set.",
        "Give --region NAME, set AWS_REGION, or set a region in your AWS profile.",
        usage=True,
    ),
    "InvalidRegionError": Rule(
        "invalid",
        "{region!r} is not a region.",
        "Give --region, such as eu-west-1.",
        usage=True,
    ),
    "ProfileNotFound": Rule(
        "credentials",
        "There is no AWS profile {profile!r} on this machine.",
        "Run aws configure list-profiles, and check --aws-profile and AWS_PROFILE.",
        usage=True,
    ),
    "NoCredentialsError": Rule(
        "credentials",
        "No AWS credentials were found.",
        "Log in ({login}), or set AWS_PROFILE or AWS_ACCESS_KEY_ID.",
    ),
    "PartialCredentialsError": Rule(
        "credentials", "The AWS credentials are incomplete: {detail}", "Set both halves of the key."
    ),
    "CredentialRetrievalError": Rule(
        "credentials", "The AWS credentials cannot be fetched: {detail}", "Log in: {login}."
    ),
    "MetadataRetrievalError": Rule(
        "credentials", "The AWS credentials cannot be fetched: {detail}", "Log in: {login}."
    ),
    "LoginRefreshRequired": EXPIRED,
    "TokenRetrievalError": EXPIRED,
    "SSOTokenLoadError": NO_LOGIN,
    "SSOError": EXPIRED,
    "RefreshWithMFAUnsupportedError": EXPIRED,
    "ConfigParseError": Rule(
        "credentials", "The AWS configuration cannot be read: {detail}", "Correct {config}."
    ),
    "ConfigNotFound": Rule(
        "credentials",
        "The AWS configuration cannot be read: {detail}",
        "Check AWS_CONFIG_FILE.",
        usage=True,
    ),
    "InvalidConfigError": Rule(
        "credentials", "The AWS configuration is invalid: {detail}", "Correct {config}."
    ),
    "ConnectionError": NO_ANSWER,
    "ReadTimeoutError": SLOW,
    "SSLError": UNTRUSTED,
    "ProxyConnectionError": Rule(
        "network",
        "The proxy {proxy} to {endpoint} cannot be reached.",
        "Check HTTPS_PROXY.",
        "proxy not reached",
    ),
    "HTTPClientError": NO_ANSWER,
    "ResponseParserError": Rule(
        "other",
        "{endpoint} does not answer like DynamoDB.",
        "Check --endpoint-url, and whether a proxy's login page is in the way.",
    ),
    "ParamValidationError": INVALID,
}
"""The client's own exceptions, by class name; a subclass without a row uses its parent's."""


PROCESS = Rule(
    "credentials",
    "The credential_process of AWS profile {profile} failed: {detail}",
    "Run it on its own to see why; it is set in {config}.",
)
TOKEN_FILE = Rule(
    "credentials",
    "The web identity token file {file} cannot be read: {detail}",
    "Check AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file in {config}.",
)

NO_LENDER = Rule(
    "network",
    "{endpoint} cannot be reached.",
    "The credentials of AWS profile {profile} come from there: check the network and the proxy.",
    "credentials not fetched",
)
LENDER_DENIED = Rule(
    "credentials",
    "{lender} refuses {operation} for the AWS profile {profile}: {detail}",
    "Check role_arn and source_profile in {config}, and the role's trust policy.",
)
LENDER_WRONG_KEYS = Rule(
    "credentials",
    "{lender} does not accept the source credentials of AWS profile {profile}: {code}.",
    "Check the access key or the source_profile in {config}, and this machine's clock.",
)
LENDER_EXPIRED = Rule(
    "credentials",
    "{lender} reports that the source credentials of AWS profile {profile} have expired.",
    "{renewal}",
)
LENDER_TOKEN = Rule(
    "credentials",
    "{lender} does not accept the web identity token: {detail}",
    "Put a new token in the file that AWS_WEB_IDENTITY_TOKEN_FILE names.",
)
LENDER_CODE = Rule(
    "credentials",
    "{lender} does not accept the MFA code.",
    "Wait for the next code and try again; each works once.",
)
LENDER_BUSY = Rule(
    "throttled", "{lender} is throttling.", "Wait a moment and try again.", "{lender} is throttling"
)
LENDER_FAILED = Rule(
    "network",
    "{lender} failed to answer ({code}).",
    "Try again in a moment; see the AWS Health Dashboard if it persists.",
    "{lender} failed to answer ({code})",
)
LENDER_ROLE = Rule(
    "credentials",
    "{lender} does not give the AWS profile {profile} its role: {detail}",
    "Check sso_account_id and sso_role_name in {config}, and whether you are assigned the role.",
)
LENDER_OTHER = Rule("credentials", "{lender} answered {operation} with {code}: {detail}", "")
LENDER_RULES: dict[str, Rule] = {
    "AccessDenied": LENDER_DENIED,
    "AccessDeniedException": LENDER_DENIED,
    "InvalidClientTokenId": LENDER_WRONG_KEYS,
    "SignatureDoesNotMatch": LENDER_WRONG_KEYS,
    "UnrecognizedClientException": LENDER_WRONG_KEYS,
    "IncompleteSignature": LENDER_WRONG_KEYS,
    "MissingAuthenticationToken": LENDER_WRONG_KEYS,
    "ExpiredToken": LENDER_EXPIRED,
    "ExpiredTokenException": LENDER_EXPIRED,
    "UnauthorizedException": LENDER_EXPIRED,
    "InvalidIdentityToken": LENDER_TOKEN,
    "IDPRejectedClaim": LENDER_TOKEN,
    "ForbiddenException": LENDER_ROLE,
    "ResourceNotFoundException": LENDER_ROLE,
    "Throttling": LENDER_BUSY,
    "ThrottlingException": LENDER_BUSY,
    "TooManyRequestsException": LENDER_BUSY,
    "IDPCommunicationError": LENDER_FAILED,
    "InternalFailure": LENDER_FAILED,
    "InternalServerException": LENDER_FAILED,
    "ServiceUnavailable": LENDER_FAILED,
}
"""Error codes of the services that lend credentials: STS, IAM Identity Center, AWS sign-in."""
