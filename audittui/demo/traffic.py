"""Ordinary traffic of an invented company: people and services at work, with some refusals."""

from __future__ import annotations

import random
from collections.abc import Iterator

from audittui import timestamp
from audittui.entry import Draft

IDENTITY, PLATFORM = "identity/0", "platform/0"
"""The two chains: sign-ins, and actions."""

PEOPLE = (
    "a.lindqvist", "b.moreau", "c.tanaka", "d.okonkwo", "e.rossi", "f.haddad", "g.novak",
    "h.silva", "i.petrov", "j.okafor", "k.jansen", "l.romero", "m.weber", "n.iyer", "o.kowalski",
    "p.dubois", "q.nguyen", "r.mbeki", "s.larsen", "t.yilmaz", "u.fischer", "v.costa", "w.ahmed",
    "x.zhang",
)  # fmt: skip
SERVICES = ("svc-payments", "svc-deploy", "svc-backup", "svc-rotator", "svc-reports")
BUCKETS = tuple(
    f"bucket/{name}" for name in ("invoices", "exports", "statements", "backups", "web")
)
SECRETS = tuple(f"secret/{name}" for name in ("payments/signing-key", "crm/token", "mail/smtp"))
APPS = tuple(f"app/{name}" for name in ("checkout", "ledger", "portal", "search", "mailer"))
_READS = (
    ("storage.object.read", BUCKETS),
    ("app.config.read", APPS),
    ("db.query", ("db/ledger", "db/crm")),
)
_MINUTE = 60 * timestamp.SECOND


def home_of(person: str) -> str:
    """The address that a person works from."""
    return f"10.20.{PEOPLE.index(person) + 1}.{40 + PEOPLE.index(person)}"


def request_id(rng: random.Random) -> str:
    """A request id from ``rng``."""
    return f"req-{rng.getrandbits(48):012x}"


def ordinary(rng: random.Random, time: int) -> list[tuple[str, Draft]]:
    """One to three ordinary entries that share a request id, each with its chain."""
    at = timestamp.text(time)
    request = request_id(rng)
    if rng.random() < 0.45:
        return [_service(rng, time, request)]
    person = rng.choice(PEOPLE)
    source = home_of(person)
    if rng.random() < 0.3:
        return list(_sign_in(rng, person, source, time, request))
    action, places = rng.choice(_READS)
    resource = rng.choice(places)
    refused = rng.random() < 0.03
    entries = [
        (PLATFORM, Draft(
            actor=person, action=action, resource=resource, time=at, request_id=request,
            outcome="denied" if refused else "success", source_ip=source,
            reason="AccessDenied" if refused else None, severity="low" if refused else "info",
            details={"bytes": rng.randrange(200, 90_000)},
        )),
    ]  # fmt: skip
    if rng.random() < 0.04:
        replicas = rng.randrange(2, 9)
        entries.append((PLATFORM, Draft(
            actor=person, action="app.config.update", resource=rng.choice(APPS),
            time=timestamp.text(time + 180_000), request_id=request, outcome="success",
            source_ip=source, severity="low",
            before={"replicas": replicas, "image": f"1.{replicas}.0"},
            after={"replicas": replicas + 1, "image": f"1.{replicas}.0"},
        )))  # fmt: skip
    return entries


def _sign_in(
    rng: random.Random, person: str, source: str, time: int, request: str
) -> Iterator[tuple[str, Draft]]:
    mistyped = rng.random() < 0.06
    if mistyped:
        yield IDENTITY, Draft(
            actor=person, action="auth.login", resource=f"user/{person}", outcome="failure",
            time=timestamp.text(time), request_id=request, source_ip=source,
            reason="BadPassword", severity="low",
        )  # fmt: skip
    yield IDENTITY, Draft(
        actor=person, action="auth.login", resource=f"user/{person}", outcome="success",
        time=timestamp.text(time + (9 * timestamp.SECOND if mistyped else 0)), request_id=request,
        source_ip=source, details={"method": "password+otp"},
    )  # fmt: skip


def _service(rng: random.Random, time: int, request: str) -> tuple[str, Draft]:
    service = rng.choice(SERVICES)
    action, resource = {
        "svc-payments": ("secret.read", SECRETS[0]),
        "svc-deploy": ("app.deploy", rng.choice(APPS)),
        "svc-backup": ("storage.object.write", "bucket/backups"),
        "svc-rotator": ("secret.describe", rng.choice(SECRETS)),
        "svc-reports": ("db.query", "db/ledger"),
    }[service]
    failed = rng.random() < 0.02
    return PLATFORM, Draft(
        actor=service, action=action, resource=resource, time=timestamp.text(time),
        request_id=request, outcome="failure" if failed else "success",
        reason="Timeout" if failed else None, source_ip=f"10.30.0.{SERVICES.index(service) + 5}",
        details={"took_ms": rng.randrange(2, 900)},
    )  # fmt: skip
