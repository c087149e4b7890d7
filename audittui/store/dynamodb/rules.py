"""The kind, the sentence and the advice for each error that DynamoDB responds with.

Sources: DynamoDB developer guide, "Error handling with DynamoDB"; IAM, "Common errors".
"""

from __future__ import annotations

from audittui.aws.rules import EXPIRED, INVALID, Rule

WRONG_KEYS = Rule(
    "credentials",
    "AWS does not accept the credentials{source}: {code}.",
    "Check AWS_PROFILE, AWS_ACCESS_KEY_ID and --aws-profile, and the clock of this machine.",
)
DENIED = Rule(
    "permission",
    "These credentials may not call {action} on {table} ({region}).",
    "Ask for the IAM action {action} on the table and on its indexes (…/index/*).",
)
DENIED_INDEX = Rule(
    "permission",
    "These credentials may not call {action} on the index {index} of {table} ({region}).",
    "Ask for the IAM action {action} on the table's indexes too (…/index/*).",
)
FORBIDDEN = Rule(
    "permission",
    "A policy explicitly denies {action} on {where}.",
    "No other permission overrides it: ask whoever wrote the deny ({why}).",
)
THROTTLED = Rule(
    "throttled",
    "{table} ({region}) is throttling: the requests exceed its capacity.",
    "Wait a moment and try again, or read less at a time.",
)
FAILED = Rule(
    "network",
    "DynamoDB in {region} failed to answer ({code}).",
    "Try again in a moment; see the AWS Health Dashboard if it persists.",
    "DynamoDB failed to answer ({code})",
)
FOREIGN = Rule(
    "other",
    "{endpoint} answered {operation} with the HTTP status {code}, not as DynamoDB does.",
    "Check --endpoint-url, HTTPS_PROXY, and whether a proxy is in the way.",
)

SERVICE_RULES: dict[str, Rule] = {
    "ResourceNotFoundException": Rule(
        "missing_table",
        "There is no table {table} in {region}.",
        "Check --table, --region and --endpoint-url, or create it with audittui table create.",
        usage=True,
    ),
    "TableNotFoundException": Rule(
        "missing_table",
        "There is no table {table} in {region}.",
        "Check --table and --region.",
        usage=True,
    ),
    "ResourceInUseException": Rule(
        "throttled",
        "{table} ({region}) is being created or changed.",
        "Wait until it is active: aws dynamodb wait table-exists --table-name {table}.",
    ),
    "AccessDeniedException": DENIED,
    "AccessDenied": DENIED,
    "KMSAccessDeniedException": Rule(
        "permission",
        "These credentials may not use the KMS key that encrypts {table}.",
        "Ask for kms:Decrypt on the key.",
    ),
    "ExpiredTokenException": EXPIRED,
    "ExpiredToken": EXPIRED,
    "RequestExpired": EXPIRED,
    "UnrecognizedClientException": WRONG_KEYS,
    "InvalidSignatureException": WRONG_KEYS,
    "InvalidClientTokenId": WRONG_KEYS,
    "IncompleteSignatureException": WRONG_KEYS,
    "IncompleteSignature": WRONG_KEYS,
    "MissingAuthenticationTokenException": WRONG_KEYS,
    "MissingAuthenticationToken": WRONG_KEYS,
    "SignatureDoesNotMatch": WRONG_KEYS,
    "AuthFailure": WRONG_KEYS,
    "OptInRequired": WRONG_KEYS,
    "ProvisionedThroughputExceededException": THROTTLED,
    "ThrottlingException": THROTTLED,
    "Throttling": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "LimitExceededException": THROTTLED,
    "TransactionConflictException": Rule(
        "throttled", "Another writer is updating the same item of {table}.", "Try again."
    ),
    "InternalServerError": FAILED,
    "InternalFailure": FAILED,
    "ServiceUnavailable": FAILED,
    "ValidationException": INVALID,
    "ValidationError": INVALID,
    "SerializationException": INVALID,
    "ItemCollectionSizeLimitExceededException": INVALID,
    "IdempotentParameterMismatchException": INVALID,
    "UnknownOperationException": Rule(
        "other", "{endpoint} does not support this operation.", "Check --endpoint-url."
    ),
}
"""By the service's error code. Any other code becomes a sentence with the code and its text."""
