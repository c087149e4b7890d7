"""What came after a burst of failures: whether the same action finally succeeded.

A runbook that reads only failures cannot know. One more query per group finds out, through the
index that answers a value of the group's key, limited to a few read units.
"""

from __future__ import annotations

import threading

import msgspec

from audittui import timestamp
from audittui.connection import Connection
from audittui.errors import AuditError
from audittui.investigate.correlations import Group
from audittui.layout.row import Row
from audittui.query.execution import Execution
from audittui.runbook.live_conditions import conditions_of, key_conditions_of
from audittui.runbook.model import Parameter, Question, Runbook, RunbookQuery
from audittui.runbook.plan import Facts, Plan, Window
from audittui.runbook.planner import make_plan
from audittui.runbook.timerange import window_text

HORIZON = 24 * 3600 * timestamp.SECOND
"""How long after a group's last event its success is looked for."""
BUDGET = 4.0
"""Read units that looking for one group's success may take."""
_QUESTIONS: tuple[Question, ...] = ("actor", "resource", "request_id", "action")


class Aftermath(msgspec.Struct, frozen=True):
    """What was found. ``success`` is the first one after the group's last event. Without one,
    ``until`` (microseconds) says up to when everything was read, and ``complete`` whether that is
    the whole span. ``fault`` says why nothing could be read."""

    success: Row | None = None
    until: int = 0
    complete: bool = False
    rcu: float = 0.0
    requests: int = 0
    fault: str = ""


def reads_success(plan: Plan) -> bool:
    """True when the rows of ``plan`` include successes, so that no further query is needed."""
    return all(
        ("success" in one.values) == (one.operator == "in")
        for one in (*key_conditions_of(plan), *conditions_of(plan))
        if one.field == "outcome"
    )


def question_about(group: Group) -> Question | None:
    """What a query about this group is by; None when no index answers any part of its key."""
    key = dict(group.key)
    return next((one for one in _QUESTIONS if key.get(one)), None)


def first_success(
    group: Group, connection: Connection, facts: Facts, cancelled: threading.Event
) -> Aftermath:
    """Look for the first success of ``group``'s key after its last event, for `HORIZON` at most and
    for about `BUDGET` read units. Store errors are reported in ``fault``."""
    question = question_about(group)
    if question is None:
        return Aftermath(fault="no index answers what these events have in common")
    end = min(group.last + HORIZON, facts.now)
    if end <= group.last + 1:
        return Aftermath(until=end, complete=True)
    try:
        plan = make_plan(*_asked(group, question, end), connection.layout, facts)
    except AuditError as error:
        return Aftermath(fault=error.message)
    execution = Execution(plan, connection.store, limit=1, max_rcu=BUDGET)
    for page in execution.pages():
        if cancelled.is_set():
            execution.cancel()
        if page.rows:
            execution.cancel()
            meter = page.meter
            return Aftermath(page.rows[0], rcu=meter.rcu, requests=meter.requests)
    last = execution.latest
    return Aftermath(
        until=end if last.coverage.finished else last.coverage.reached or group.last,
        complete=last.coverage.finished,
        rcu=last.meter.rcu,
        requests=last.meter.requests,
        fault=execution.error.message if execution.error is not None else "",
    )


def _asked(group: Group, question: Question, end: int) -> tuple[Runbook, dict[str, str]]:
    """The query as a runbook. Values are parameters, so that they are never read as templates."""
    key = [(name, value) for name, value in group.key if value and name not in ("time", "outcome")]
    texts = dict(key)
    where = {name: f"{{{name}}}" for name in texts if name != question}
    runbook = Runbook(
        id="first-success",
        name="First success",
        description="",
        query=RunbookQuery(
            by=question,
            equals=f"{{{question}}}",
            during=window_text(Window(group.last + 1, end)),
            where={**where, "outcome": "success"},
            order="oldest",
        ),
        columns=("time",),
        params=tuple(Parameter(type="text", name=name) for name in texts),
    )
    return runbook, texts
