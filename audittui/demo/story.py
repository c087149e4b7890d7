"""The incident: password spraying that ends in a success, a privilege change, access to a secret,
and deletions that cover it up. docs/walkthrough.md solves it."""

from __future__ import annotations

import random

from audittui import timestamp
from audittui.demo.traffic import IDENTITY, PEOPLE, PLATFORM, home_of, request_id
from audittui.entry import Draft

ATTACKER_IP = "203.0.113.77"
VICTIM = "j.okafor"
SECRET = "secret/payments/signing-key"
SCAPEGOAT = "svc-rotator"
"""The actor that the tampered entry names instead of the victim."""
_MINUTE = 60 * timestamp.SECOND


def history(start: int, rng: random.Random) -> list[tuple[str, Draft]]:
    """The creation of the story's resources, in the hour after ``start`` and a day later."""
    made: list[tuple[str, Draft]] = []

    def add(minutes: float, actor: str, action: str, resource: str, **fields: object) -> None:
        draft = Draft(
            actor=actor, action=action, resource=resource, outcome="success",
            time=timestamp.text(start + int(minutes * _MINUTE)), request_id=request_id(rng),
            source_ip=home_of(actor) if actor in PEOPLE else "10.30.0.8", **fields,  # type: ignore[arg-type]
        )  # fmt: skip
        made.append((PLATFORM, draft))

    add(
        10,
        "a.lindqvist",
        "secret.create",
        SECRET,
        severity="medium",
        after={"version": 1, "readers": ["svc-payments"], "rotation_days": 30},
    )
    add(
        11,
        "a.lindqvist",
        "iam.role.create",
        "role/payments-operator",
        severity="medium",
        after={"members": ["a.lindqvist", "c.tanaka"], "grants": ["secret.read"]},
    )
    add(
        12,
        "a.lindqvist",
        "log.trail.create",
        "trail/payments",
        severity="medium",
        after={"enabled": True, "retention_days": 400},
    )
    add(1500, SCAPEGOAT, "secret.rotate", SECRET, severity="low",
        before={"version": 1, "readers": ["svc-payments"], "rotation_days": 30},
        after={"version": 2, "readers": ["svc-payments"], "rotation_days": 30})  # fmt: skip
    return made


def incident(start: int, rng: random.Random) -> list[tuple[str, Draft]]:
    """The attack, which takes about an hour from ``start`` (microseconds)."""
    made: list[tuple[str, Draft]] = []

    def add(chain: str, seconds: float, actor: str, action: str, resource: str,
            **fields: object) -> None:  # fmt: skip
        draft = Draft(
            actor=actor, action=action, resource=resource,
            time=timestamp.text(start + int(seconds * timestamp.SECOND)),
            request_id=str(fields.pop("request", "") or request_id(rng)),
            source_ip=ATTACKER_IP, **fields,  # type: ignore[arg-type]
        )  # fmt: skip
        made.append((chain, draft))

    def failed(seconds: float, person: str) -> None:
        add(IDENTITY, seconds, person, "auth.login", f"user/{person}", outcome="failure",
            reason="BadPassword", severity="low",
            details={"user_agent": "python-requests/2.31"})  # fmt: skip

    seconds = 0.0
    for _ in range(3):
        for person in rng.sample(PEOPLE, len(PEOPLE)):
            seconds += rng.uniform(4, 9)
            failed(seconds, person)
    for _ in range(11):
        seconds += rng.uniform(12, 25)
        failed(seconds, VICTIM)
    seconds += 21
    add(
        IDENTITY,
        seconds,
        VICTIM,
        "auth.login",
        f"user/{VICTIM}",
        outcome="success",
        severity="low",
        details={"user_agent": "python-requests/2.31", "method": "password"},
    )
    add(
        PLATFORM,
        seconds + 95,
        VICTIM,
        "secret.read",
        SECRET,
        outcome="denied",
        reason="AccessDenied",
        severity="medium",
    )
    add(
        PLATFORM,
        seconds + 130,
        VICTIM,
        "iam.role.read",
        "role/payments-operator",
        outcome="success",
    )
    change = request_id(rng)
    add(
        IDENTITY,
        seconds + 240,
        VICTIM,
        "iam.session.elevate",
        f"user/{VICTIM}",
        request=change,
        outcome="success",
        severity="medium",
        details={"ticket": "none given"},
    )
    add(
        PLATFORM,
        seconds + 241,
        VICTIM,
        "iam.role.update",
        "role/payments-operator",
        request=change,
        outcome="success",
        severity="high",
        before={"members": ["a.lindqvist", "c.tanaka"], "grants": ["secret.read"]},
        after={
            "members": ["a.lindqvist", "c.tanaka", VICTIM],
            "grants": ["secret.read", "log.trail.delete", "iam.user.delete"],
        },
    )
    add(
        PLATFORM,
        seconds + 330,
        VICTIM,
        "iam.user.create",
        "user/tmp-migrate",
        outcome="success",
        severity="high",
        after={"keys": 1, "roles": ["payments-operator"]},
    )
    add(
        PLATFORM,
        seconds + 402,
        VICTIM,
        "secret.read",
        SECRET,
        outcome="success",
        severity="medium",
        details={"version": 2, "client": "python-requests/2.31"},
    )
    add(
        PLATFORM,
        seconds + 900,
        "tmp-migrate",
        "storage.object.read",
        "bucket/statements",
        outcome="success",
        details={"bytes": 734_003_200},
    )
    add(
        PLATFORM,
        seconds + 1680,
        "tmp-migrate",
        "log.trail.delete",
        "trail/payments",
        outcome="success",
        severity="critical",
        before={"enabled": True, "retention_days": 400},
    )
    add(
        PLATFORM,
        seconds + 1702,
        VICTIM,
        "iam.user.delete",
        "user/tmp-migrate",
        outcome="success",
        severity="high",
        before={"keys": 1, "roles": ["payments-operator"]},
    )
    add(PLATFORM, seconds + 1730, VICTIM, "iam.role.update", "role/payments-operator",
        outcome="success", severity="high",
        before={"members": ["a.lindqvist", "c.tanaka", VICTIM],
                "grants": ["secret.read", "log.trail.delete", "iam.user.delete"]},
        after={"members": ["a.lindqvist", "c.tanaka"], "grants": ["secret.read"]})  # fmt: skip
    return made
