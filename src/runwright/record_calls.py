"""Record calls: what a server does with its record for programs elsewhere, with the types that go over the wire.

Who asks and who answers share this table: a call is the name of a method of `runwright.store.Store`, its arguments by their names
as one struct, and what it returns, both as MessagePack. Nothing here writes a run; what is asked of one is a request.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from runwright.events import Event, LogLine, Metric
from runwright.key_values import KeyValue
from runwright.query import Query, Summary
from runwright.received_events import ReceivedEvent
from runwright.request import Request
from runwright.runs import Attempt, FlowRun, FlowVersion, TaskRun
from runwright.store import Lease
from runwright.tag_limits import TagLimit, TagSlot
from runwright.trigger_states import TriggerState
from runwright.views import EventFilter, Expansion, FlowRunFilter, GroupBy, TaskRunFilter

PATH = "/api/record"
MEDIA_TYPE = "application/msgpack"


class Call(NamedTuple):
    """The struct that holds the arguments of a call, and the type of its answer."""

    arguments: type[msgspec.Struct]
    answer: Any


def _call(name: str, answer: Any, /, **arguments: Any) -> Call:
    fields: list[Any] = []
    for key, kind in arguments.items():
        fields.append((key, *kind) if isinstance(kind, tuple) else (key, kind))  # pyright: ignore[reportUnknownArgumentType]  types of fields
    return Call(msgspec.defstruct(name, fields, kw_only=True, omit_defaults=True, forbid_unknown_fields=True), answer)


_RUN = {"flow_run": UUID, "ordinal": (int | None, None)}
_TIMES = {"after": (int | None, None), "until": (int | None, None)}
_PLACE = {"namespace": str, "flow": str, "trigger": str}

# fmt: off
CALLS: dict[str, Call] = {
    "task_runs":       _call("TaskRuns", list[TaskRun], which=TaskRunFilter),
    "count_task_runs": _call("CountTaskRuns", dict[str, int], which=TaskRunFilter, by=(GroupBy | None, None)),
    "flow_runs":       _call("FlowRuns", list[FlowRun], which=FlowRunFilter),
    "flows":           _call("Flows", list[FlowVersion], name=(str | None, None), flow_id=(UUID | None, None)),
    "attempts":        _call("Attempts", list[Attempt], flow_run=UUID, ordinal=int),
    "logs":            _call("Logs", list[LogLine], **_RUN, **_TIMES),
    "metrics":         _call("Metrics", list[Metric], **_RUN),
    "events":          _call("Events", list[Event], which=EventFilter),
    "query":           _call("Ask", str, query=Query | Summary),
    "expansions":      _call("Expansions", list[Expansion], flow_run=UUID),
    "requests":        _call("Requests", list[Request], flow_run=(UUID | None, None), open_only=(bool, True)),
    "find_lease":      _call("FindLease", Lease | None, flow_run=UUID),
    "now":             _call("Now", int),
    "received_events": _call("ReceivedEvents", list[ReceivedEvent], after=(int, 0), before=(int | None, None),
                             newest_first=(bool, False), limit=(int, 1_000)),
    "find_value":      _call("FindValue", KeyValue | None, namespace=str, key=str),
    "list_values":     _call("ListValues", list[KeyValue], namespace=str, prefix=(str, "")),
    "find_trigger":    _call("FindTrigger", TriggerState | None, **_PLACE),
    "list_triggers":   _call("ListTriggers", list[TriggerState], namespace=(str | None, None), flow=(str | None, None)),
    "tag_limits":      _call("TagLimits", list[TagLimit]),
    "tag_slots":       _call("TagSlots", list[TagSlot]),
    "given_tags":      _call("GivenTagNames", list[str], limit=(int, 100)),
    "count_flow_versions": _call("CountFlowVersions", int),
}
"""The reads."""
# fmt: on

ASK = _call("AskOfRun", Request, request=Request)
"""The one call that changes runs: a request is kept, and heeded by whoever runs its flow run, or by the server."""


WRITES: dict[str, Call] = {
    "keep_tag_limit": _call("KeepTagLimit", TagLimit, tag=str, slots=int),
    "delete_tag_limit": _call("DeleteTagLimit", bool, tag=str),
    "register": _call("Register", FlowVersion, flow=FlowVersion),
    "keep_trigger": _call("KeepTrigger", TriggerState | None, state=TriggerState),
    "delete_trigger": _call("DeleteTrigger", bool, **_PLACE),
}
"""What changes the record, and is part of no run."""

CHANGE_TAGS = _call("ChangeTags", int, task_runs=list[UUID], add=(list[str], []), remove=(list[str], []), by=(str, ""))
"""What task runs are called, which who steers runs may say; it changes no run."""

BEGINNINGS: dict[str, Call] = {
    "start": _call(
        "Start",
        UUID,
        flow=str,
        key=str,
        parameters=(dict[str, Any], {}),
        labels=(list[str], []),
        run_name=(str | None, None),
    ),
    "repeat": _call("Repeat", UUID, flow_run=UUID, key=str),
    "replay": _call(
        "Replay",
        UUID,
        flow_run=UUID,
        key=str,
        task_run=(UUID | None, None),
        revision=(int | None, None),
        inputs=(dict[str, Any], {}),
    ),
    "restart_in": _call("RestartIn", UUID, flow_run=UUID, revision=int),
}
"""Runs that begin, many of them where others ended; no store has these, for whoever has a worker runs them."""


class Refusal(msgspec.Struct):
    """Why a call was not answered: the name of the error, and its text."""

    error: str
    message: str
