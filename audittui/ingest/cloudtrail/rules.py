"""Where each service's records name their resources: the table behind `resources_of`.

To support another resource, add a line: the noun as in event names, its ARN, and the paths of its
name. ARN formats are from the AWS service authorization reference, parameters from each service's
API reference (CloudTrail lower-cases their first letter).
"""

from __future__ import annotations

import re

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """One kind of resource of a service, and parameters that name it.

    ``noun`` is its name in event names (`CreateRole` names a "Role"); "" matches every event.
    ``arn`` is the ARN: ``{name}`` is the name found, ``{partition} {service} {region} {account}``
    come from the record, and a path inserts another of its values. Without an ``arn`` only values
    that are ARNs count; such values are always used as they are.

    ``paths`` are tried in order until one finds something: dotted paths from ``request``,
    ``response``, ``additional``, ``service``, ``identity`` or ``resources``. Lists are searched
    element by element; ``[key=value]`` filters the objects before it.

    A parameter whose name implies the type (``roleName``) names it in every event. Any other
    (``name``) needs ``events``, a pattern for the event names in which it does. ``name`` is a
    pattern that must match the whole name; its group goes into the ARN. If a value may be any text
    (``free``), one that looks like an ARN is not taken as one.
    """

    noun: str
    arn: str
    paths: tuple[str, ...]
    events: re.Pattern[str] | None = None
    name: re.Pattern[str] | None = None
    free: bool = False


def _rule(
    noun: str, arn: str, *paths: str, events: str = "", name: str = "", free: bool = False
) -> Rule:
    return Rule(
        noun, arn, paths, re.compile(events) if events else None,
        re.compile(name) if name else None, free,
    )  # fmt: skip


_IAM = "arn:{partition}:iam::{account}:"
_HERE = "arn:{partition}:{service}:{region}:{account}:"
_EC2 = "arn:{partition}:ec2:{region}:{account}:"
_OWN = (
    r"(AccessKeys?|LoginProfile|SSHPublicKeys?|SigningCertificates?|ServiceSpecificCredentials?)$"
    r"|^(GetUser|ChangePassword|ListMFADevices)$"
)
"""IAM events that apply to the caller if they name no user (IAM API reference, "UserName")."""

RULES: dict[str, tuple[Rule, ...]] = {
    "s3": (
        _rule("Object", "arn:{partition}:s3:::{request.bucketName}/{name}", "request.key",
              free=True),
        _rule("Bucket", "arn:{partition}:s3:::{name}", "request.bucketName", "request.bucket"),
        _rule("", "", "request.configurationARN"),
    ),
    "iam": (
        _rule("InstanceProfile", _IAM + "instance-profile/{name}", "request.instanceProfileName"),
        _rule("Role", _IAM + "role/{name}", "request.roleName", "response.role.arn"),
        _rule("Group", _IAM + "group/{name}", "request.groupName"),
        _rule("User", _IAM + "user/{name}", "request.userName"),
        _rule("", _IAM + "user/{name}", "request.userName", "response.accessKey.userName",
              "identity[type=IAMUser].arn", "identity[type=Root].arn", events=_OWN),
        _rule("Policy", _IAM + "policy/{name}", "request.policyArn", "response.policy.arn"),
        _rule("Policy", _IAM + "policy/{name}", "request.policyName", events="^CreatePolicy$"),
        _rule("MFADevice", "", "request.serialNumber", "response.virtualMFADevice.serialNumber"),
        _rule("Provider", "", "request.sAMLProviderArn", "response.sAMLProviderArn",
              "request.openIDConnectProviderArn", "response.openIDConnectProviderArn"),
    ),
    "sts": (_rule("Role", _IAM + "role/{name}", "request.roleArn"),),
    "kms": (
        _rule("Alias", _HERE + "{name}", "request.aliasName", "request.keyId", name="(alias/.+)"),
        _rule("", _HERE + "key/{name}", "resources.ARN", "response.keyMetadata.arn",
              "request.keyId", "request.targetKeyId", name="(?!alias/)(.+)"),
    ),
    "lambda": (
        # A name, optionally with an account and with a version.
        _rule("Function", _HERE + "function:{name}", "response.functionArn",
              "request.functionName", name=r"(?:\d+:)?(?:function:)?([^:]+)(?::.*)?"),
    ),
    "secretsmanager": (
        _rule("Secret", _HERE + "secret:{name}", "response.arn", "response.aRN",
              "request.secretId", "additional.ARN"),
        _rule("Secret", _HERE + "secret:{name}", "request.name", events="^CreateSecret$"),
    ),
    "ssm": (
        # A parameter's version or label follows a colon.
        _rule("Parameter", _HERE + "parameter/{name}", "request.name", "request.names",
              events="Parameter", name="/?([^:]+)(?::.*)?"),
        _rule("Parameter", _HERE + "parameter/{name}",
              "request[resourceType=Parameter].resourceId",
              "request.parameterFilters[key=Name][option=Equals].values",
              name="/?([^:]+)(?::.*)?"),
        _rule("Association", _HERE + "association/{name}", "request.associationId",
              "response.associationDescription.associationId"),
        _rule("Session", _HERE + "session/{name}", "response.sessionId", "request.sessionId"),
        _rule("", _EC2 + "instance/{name}", "request.instanceIds", "request.instanceId",
              "request.target", "request.resourceId", "request.filters[key=InstanceIds].values",
              name="(i-.+)"),
        _rule("", _HERE + "managed-instance/{name}", "request.instanceIds", "request.instanceId",
              "request.target", "request.resourceId", "request.filters[key=InstanceIds].values",
              name="(mi-.+)"),
        _rule("Document", _HERE + "document/{name}", "request.name", events="Document"),
        _rule("Document", _HERE + "document/{name}", "request.documentName",
              "request[resourceType=Document].resourceId"),
    ),
    "cloudtrail": (
        _rule("", _HERE + "trail/{name}", "response.trailARN", "request.trailName",
              "request.trailNameList"),
        _rule("", _HERE + "trail/{name}", "request.name", events="Trail|Logging"),
        _rule("", "", "request.eventDataStore", "response.eventDataStoreArn"),
        _rule("", "arn:{partition}:s3:::{name}", "request.s3BucketName"),
    ),
    "rds": (
        _rule("ClusterSnapshot", _HERE + "cluster-snapshot:{name}",
              "request.targetDBClusterSnapshotIdentifier", "request.dBClusterSnapshotIdentifier"),
        _rule("Instance", _HERE + "db:{name}", "response.dBInstanceArn",
              "request.dBInstanceIdentifier", "request.filters[name=db-instance-id].values"),
        _rule("Cluster", _HERE + "cluster:{name}", "request.dBClusterIdentifier"),
        _rule("Snapshot", _HERE + "snapshot:{name}", "request.targetDBSnapshotIdentifier",
              "request.dBSnapshotIdentifier"),
        _rule("Snapshot", _HERE + "snapshot:{name}", "request.sourceDBSnapshotIdentifier"),
        _rule("SubnetGroup", _HERE + "subgrp:{name}", "request.dBSubnetGroupName"),
    ),
    "logs": (_rule("", _HERE + "log-group:{name}", "request.logGroupName"),),
    "rolesanywhere": (
        _rule("Profile", _HERE + "profile/{name}", "response.profile.profileArn",
              "request.profileId"),
        _rule("TrustAnchor", _HERE + "trust-anchor/{name}",
              "response.trustAnchor.trustAnchorArn", "request.trustAnchorId"),
    ),
    "guardduty": (
        _rule("", _HERE + "detector/{name}", "request.detectorId", "response.detectorId"),
    ),
    "dynamodb": (_rule("", _HERE + "table/{name}", "request.tableName"),),
    "sqs": (
        _rule("", _HERE + "{name}", "request.queueName", "request.queueUrl",
              name=r"(?:https?://[^/]+/\d+/)?([^/]+)"),
    ),
    "sns": (
        _rule("", _HERE + "{name}", "response.topicArn", "request.topicArn"),
        _rule("", _HERE + "{name}", "request.name", events="Topic"),
    ),
    "ecr": (_rule("", _HERE + "repository/{name}", "request.repositoryName"),),
    "ecs": (
        _rule("Service", _HERE + "service/{request.cluster}/{name}", "response.service.serviceArn",
              "request.service", "request.serviceName"),
        _rule("Cluster", _HERE + "cluster/{name}", "request.cluster", "request.clusterName"),
    ),
    "eks": (
        _rule("", _HERE + "cluster/{name}", "request.clusterName"),
        _rule("", _HERE + "cluster/{name}", "request.name", events="Cluster"),
    ),
    "ses": (
        _rule("", _HERE + "identity/{name}", "request.identity", "request.emailIdentity",
              "request.source"),
    ),
    "cloudformation": (
        _rule("", _HERE + "stack/{name}", "response.stackId", "request.stackName"),
    ),
    # EC2 names all other resources by identifiers: `EC2_KINDS`.
    "ec2": (_rule("KeyPair", _EC2 + "key-pair/{name}", "request.keyName", "response.keyName"),),
    "events": (
        _rule("Rule", _HERE + "rule/{request.eventBusName}/{name}", "request.rule"),
        _rule("Rule", _HERE + "rule/{request.eventBusName}/{name}", "request.name", events="Rule"),
        _rule("Rule", _HERE + "rule/{name}", "request.rule"),
        _rule("Rule", _HERE + "rule/{name}", "request.name", events="Rule"),
    ),
}  # fmt: skip

ANY: tuple[Rule, ...] = (
    _rule("", "", "request.resourceArn", "request.resourceARN", "request.resourceName",
          "request.resourceIdList", "request.resource"),
)  # fmt: skip
"""Rules for every service: any parameter that names a resource, if its value is an ARN."""

EC2_KINDS = {
    "i": ("Instance", "instance"), "vol": ("Volume", "volume"), "snap": ("Snapshot", "snapshot"),
    "ami": ("Image", "image"), "sg": ("SecurityGroup", "security-group"),
    "subnet": ("Subnet", "subnet"), "vpc": ("Vpc", "vpc"), "rtb": ("RouteTable", "route-table"),
    "igw": ("InternetGateway", "internet-gateway"), "nat": ("NatGateway", "natgateway"),
    "eni": ("NetworkInterface", "network-interface"), "eipalloc": ("Address", "elastic-ip"),
    "fl": ("FlowLog", "vpc-flow-log"), "lt": ("LaunchTemplate", "launch-template"),
    "acl": ("NetworkAcl", "network-acl"), "key": ("KeyPair", "key-pair"),
    "vpce": ("VpcEndpoint", "vpc-endpoint"), "vgw": ("VpnGateway", "vpn-gateway"),
    "pcx": ("VpcPeeringConnection", "vpc-peering-connection"),
    "cgw": ("CustomerGateway", "customer-gateway"), "vpn": ("VpnConnection", "vpn-connection"),
    "dopt": ("DhcpOptions", "dhcp-options"),
}  # fmt: skip
"""EC2's identifiers: prefix → noun in event names, type in ARNs. The noun also names a type's
parameter: ``instanceId``."""
EC2_PARAMETERS = {
    f"{noun[0].lower()}{noun[1:]}Id": (noun, kind) for noun, kind in EC2_KINDS.values()
}


def ec2_arn(kind: str) -> str:
    """The ARN format of an EC2 type; images and snapshots have no account in theirs."""
    owner = "" if kind in ("image", "snapshot") else "{account}"
    return f"arn:{{partition}}:ec2:{{region}}:{owner}:{kind}/{{name}}"
