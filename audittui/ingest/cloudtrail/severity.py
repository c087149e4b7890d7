"""The severity of an event; docs/cloudtrail.md describes the levels."""

from __future__ import annotations

import re
from typing import Any

from audittui.entry import Outcome, Severity

_READ = re.compile(r"(Get|List|Describe|Lookup|Head|Search|Batch(Get|Describe)|Check|Select|View)")
_ALARMING = re.compile(
    r"cloudtrail:(Stop|Delete|Update|Put(Event|Insight)Selectors|PutResourcePolicy)"
    r"|guardduty:(Delete|Stop|Disassociate|UpdateDetector)"
    r"|config:(Delete|Stop)|securityhub:(Disable|Delete|Disassociate)|macie2:Disable"
    r"|access-analyzer:Delete|monitoring:(DeleteAlarms|DisableAlarmActions)"
    r"|kms:(DisableKey$|ScheduleKeyDeletion|PutKeyPolicy|CreateGrant)"
    r"|logs:Delete|ec2:DeleteFlowLogs"
    r"|organizations:(Leave|(Attach|Detach|Delete|Disable|Update).*Policy|RemoveAccount)"
    r"|s3:((Put|Delete)Bucket(Policy|Acl|PublicAccessBlock|Logging)|(Put|Delete)\w*PublicAccessBlock)"
    r"|secretsmanager:(Delete|PutResourcePolicy)"
    r"|lambda:(Add|Remove)Permission|(sns|sqs):(Add|Remove)Permission"
    r"|(sso|sso-directory|identitystore):(Attach|Detach|Put|Create|Delete|Update)"
    r"\w*(Polic|PermissionSet|AccountAssignment|User|Group)"
    r"|iam:(Create(AccessKey|LoginProfile|User|PolicyVersion|SAMLProvider|OpenIDConnectProvider"
    r"|ServiceSpecificCredential)"
    r"|Attach|Detach|Put|Update|Upload|Deactivate|Reset|Delete\w*(Policy|Boundary|MFADevice)"
    r"|AddUserToGroup|RemoveUserFromGroup|AddRoleToInstanceProfile|SetDefaultPolicyVersion)"
)


def severity_of(record: dict[str, Any], action: str, outcome: Outcome) -> Severity:
    """Changes to permissions or to monitoring are high, other changes low, reads info. Denied
    events and those of root are at least medium."""
    reads = record.get("readOnly")
    if isinstance(reads, str):
        reads = {"true": True, "false": False}.get(reads.lower())
    if not isinstance(reads, bool):
        reads = bool(_READ.match(action.partition(":")[2]))
    if _ALARMING.match(action) and not reads:
        return "high"
    identity = record.get("userIdentity")
    root = isinstance(identity, dict) and identity.get("type") == "Root"
    if outcome == "denied" or root:
        return "medium"
    return "info" if reads else "low"
