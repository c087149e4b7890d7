"""A plan in words: what it reads, what it costs, and the equivalent AWS CLI commands."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from audittui import timestamp
from audittui.escape import escaped
from audittui.runbook.live_conditions import window_parameters
from audittui.runbook.model import Runbook
from audittui.runbook.plan import Plan, Shard
from audittui.runbook.timerange import window_text

_SHOWN = 6


def describe_plan(
    plan: Plan, *, table: str = "TABLE", options: Sequence[str] = (), commands: int = 1
) -> str:
    """The plan in lines. ``options`` are further AWS CLI options (region, endpoint, profile);
    ``commands`` is the number of AWS CLI commands to show, one per partition."""
    index = plan.index
    first, last = plan.window.start, plan.window.end
    lines = [
        f"Runbook       {plan.runbook}: {plan.title}",
        *(f"              {name} = {escaped(value)}" for name, value in plan.parameters),
        f"Index         {index.label}, answers {index.answers}",
        f"Window        from {'the beginning' if first is None else timestamp.short(first)} "
        f"to {'the end' if last is None else timestamp.short(last)} (end excluded)",
        f"Order         {plan.order} first",
        f"Partitions    {len(plan.shards):,}, in reading order:",
    ]
    for shard in plan.shards[:_SHOWN]:
        lines.append(f"              {_condition(plan, shard)}")
    if len(plan.shards) > _SHOWN:
        lines.append(f"              … and {len(plan.shards) - _SHOWN:,} more")
    if not plan.shards:
        lines.append("              none: the table has no chains yet")
    for place, conditions in (
        ("by the service", [(c.attribute, c.operator, c.values) for c in plan.filters]),
        ("after reading", [(c.field, c.operator, c.values) for c in plan.row_filters]),
    ):
        for field, operator, values in conditions:
            word = "is" if operator == "in" else "is not"
            said = escaped(" or ".join(values))
            lines.append(f"Filter        {field} {word} {said} ({place}, same cost)")
    if plan.correlation is not None:
        rule = plan.correlation
        bounds = ", ".join(f"{name} {number}" for name, number in rule.condition)
        lines.append(
            f"Correlation   {rule.type} by {', '.join(rule.group_by)} within "
            f"{rule.timespan / timestamp.SECOND:g} s, {bounds}"
        )
    projection = "everything" if index.projection == ("ALL",) else "the list columns, not the body"
    lines.append(f"Projection    {projection}")
    estimate = plan.estimate
    rate = estimate.price.rate_text
    lines += [
        f"Estimate      {estimate.rcu_text} RCU in {estimate.requests_text}",
        f"Cost          {estimate.money_text}" + (f" ({rate})" if rate else ""),
        f"Basis         {estimate.how}",
    ]
    for one in plan.not_taken:
        lines.append(f"Alternative   {one.label}: {one.estimate.rcu_text} RCU")
    lines += [f"Note          {note}" for note in (*plan.notes, *probing_notes(plan))]
    if plan.shards:
        shown = plan.shards[:commands]
        which = "first partition" if commands == 1 else f"{len(shown):,} of {len(plan.shards):,}"
        if len(shown) == len(plan.shards) > 1:
            which = "one per partition"
        noun = "command" if len(shown) == 1 else "commands"
        lines.append(f"Equivalent AWS CLI {noun}, {which}:")
        lines += [f"  {aws_command(plan, shard, table, options)}" for shard in shown]
    return "\n".join(lines)


def probing_notes(plan: Plan) -> list[str]:
    """What a run reads before it chooses an index, in a sentence; empty if the choice is clear."""
    if not plan.probes:
        return []
    names = " and ".join(dict.fromkeys(probe.index.label for probe in plan.probes))
    return [
        f"The run first samples {names} (about {len(plan.probes)} RCU) "
        "and may then use another index."
    ]


def _condition(plan: Plan, shard: Shard) -> str:
    index = plan.index
    text = f"{index.partition.attribute} = {escaped(shard.partition)}"
    if index.sorted_by_time:
        low = None if shard.low is None else index.sort_value(shard.low)
        high = None if shard.high is None else index.sort_value(shard.high)
        if low is not None and high is not None:
            text += f", {index.sort.attribute} between {low} and {high}"
        elif low is not None:
            text += f", {index.sort.attribute} >= {low}"
        elif high is not None:
            text += f", {index.sort.attribute} <= {high}"
    return text


def aws_command(plan: Plan, shard: Shard, table: str, options: Sequence[str] = ()) -> str:
    """The ``aws dynamodb query`` command that reads one partition of the plan."""
    index = plan.index
    names = {"#p": index.partition.attribute}
    values: dict[str, dict[str, str]] = {":p": {index.partition.type: shard.partition}}
    condition = "#p = :p"
    low = high = None
    if index.sorted_by_time:
        low = None if shard.low is None else index.sort_value(shard.low)
        high = None if shard.high is None else index.sort_value(shard.high)
    if low is not None or high is not None:
        names["#s"] = index.sort.attribute
        for key, bound in ((":low", low), (":high", high)):
            if bound is not None:
                values[key] = {index.sort.type: str(bound)}
        condition += (
            " AND #s BETWEEN :low AND :high"
            if low is not None and high is not None
            else " AND #s >= :low"
            if low is not None
            else " AND #s <= :high"
        )
    words = ["aws", "dynamodb", "query", "--table-name", table]
    if index.name:
        words += ["--index-name", index.name]
    words += ["--key-condition-expression", condition]
    parts = []
    for number, given in enumerate(plan.filters):
        names[f"#f{number}"] = given.attribute
        places = []
        for position, value in enumerate(given.values):
            values[f":f{number}_{position}"] = {"S": value}
            places.append(f":f{number}_{position}")
        inside = f"#f{number} IN ({', '.join(places)})"
        parts.append(
            inside
            if given.operator == "in"
            else f"(attribute_not_exists(#f{number}) OR NOT {inside})"
        )
    if parts:
        words += ["--filter-expression", " AND ".join(parts)]
    words += [
        "--expression-attribute-names", json.dumps(names),
        "--expression-attribute-values", json.dumps(values),
    ]  # fmt: skip
    words.append("--scan-index-forward" if plan.order == "oldest" else "--no-scan-index-forward")
    words += ["--return-consumed-capacity", "TOTAL", *options]
    return escaped(" ".join(shlex.quote(word) for word in words))


def command_of(plan: Plan, options: Sequence[str] = ()) -> str:
    """The ``audittui run`` command that runs the same query, with its window made absolute.

    Values keep their meaning and cannot affect a terminal: control characters are written as
    ``$'\\x1b'``, which bash, zsh and ksh read.
    """
    words = ["audittui", "run", plan.runbook]
    for name, value in plan.parameters:
        if name == plan.window_parameter:
            value = window_text(plan.window)  # noqa: PLW2901 - relative to a present that is over
        words += ["-p", f"{name}={value}"]
    return " ".join(_quoted(word) for word in [*words, *options])


def tail_command_of(plan: Plan, runbook: Runbook, since: int, options: Sequence[str] = ()) -> str:
    """The ``audittui tail`` command that follows, from ``since`` (microseconds) on, what ``plan``
    (made from ``runbook``) asks for. Quoted like `command_of`."""
    words = ["audittui", "tail", plan.runbook, "--since", timestamp.text(since)]
    dropped = window_parameters(runbook)
    for name, value in plan.parameters:
        if name not in dropped:
            words += ["-p", f"{name}={value}"]
    return " ".join(_quoted(word) for word in [*words, *options])


def _quoted(word: str) -> str:
    if escaped(word) == word:
        return shlex.quote(word)
    return f"$'{''.join(map(_written, word))}'"


def _written(character: str) -> str:
    code = ord(character)
    if character in "'\\":
        return f"\\{character}"
    if escaped(character) == character:
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
