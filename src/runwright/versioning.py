"""Versioning: what makes two flows the same, and what the record keeps of a flow.

The fingerprint covers the tasks with their policies, constants and source code, the edges, and the schedule; not the name,
and nothing that differs between two readings of one file.
"""

from __future__ import annotations

from hashlib import sha256
from operator import attrgetter, itemgetter
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import msgspec

from runwright import triggers
from runwright.collecting import Constant
from runwright.parameter import Parameter
from runwright.runs import EdgeInfo, FlowVersion, TaskInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.flow import Flow
    from runwright.schedule import Schedule
    from runwright.task import Task

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def version_of(flow: Flow) -> FlowVersion:
    """Return what the record keeps of a flow; its tasks are in the order of the graph's nodes."""
    graph, slugs = flow.compile(), flow.slugs
    tasks = tuple(
        TaskInfo(node.slug, node.name, tags=node.tags, is_mapped=node.is_mapped, policies=policies_of(node.task))
        for node in graph.nodes
    )
    edges = tuple(
        EdgeInfo(slugs[edge.upstream_task], slugs[edge.downstream_task], edge.key, edge.mapped, edge.flattened)
        for edge in flow.edges
    )
    digest = sha256()
    digest.update(_encode([tasks, sorted(edges, key=_edge_order)]))
    digest.update(_encode(sorted(slugs[task] for task in flow.reference_tasks())))
    known: dict[int, int] = {}
    codes: list[bytes] = []
    digest.update(
        _encode([(node.slug, _constants(flow, node.task), _number_of(node.task, known, codes)) for node in graph.nodes])
    )
    digest.update(_encode(codes))
    if flow.schedule is not None:
        digest.update(_encode(flow.schedule.to_dict()))
        digest.update(b"".join(map(_source_of, _own_functions(flow.schedule))))
    return FlowVersion(
        flow.name, digest.hexdigest(), tasks=tasks, edges=edges, source=flow.source, document=_document(flow)
    )


def _document(flow: Flow) -> dict[str, Any]:
    """Return what who starts runs of a flow without its code has to know: its parameters and its schedule."""
    parameters = [
        {"name": each.name, "slug": flow.slugs[each], "required": each.required, "default": _default_of(each)}
        for each in flow.parameters()
    ]
    document: dict[str, Any] = {}
    if parameters:
        document["parameters"] = sorted(parameters, key=itemgetter("slug"))
    if flow.schedule is not None:
        document["schedule"] = _plain(flow.schedule.to_dict())
    return document


def policies_of(task: Task) -> dict[str, Any]:
    """Return what a task says about itself that is not the default, as plain data; times are in seconds."""
    found: dict[str, Any] = {}
    if _said(task) == _USUAL and not isinstance(task, Parameter):
        return found
    if task.max_retries:
        found |= {"max_retries": task.max_retries, "retry_delay": list(task.retry_policy.delays)}
        found |= {"retry_jitter": task.retry_jitter} if task.retry_jitter else {}
        found |= {"retry_on": [each.__qualname__ for each in task.retry_policy.retry_on]} if task.retry_on else {}
        found |= {"retry_condition": _name(task.retry_condition)} if task.retry_condition else {}
    if task.trigger is not triggers.all_successful:
        found["trigger"] = _name(task.trigger)
    if not task.skip_on_upstream_skip:
        found["skip_on_upstream_skip"] = False
    if task.cache_for is not None:
        found |= {"cache_for": task.cache_for.total_seconds(), "cache_validator": _name(task.cache_validator)}
    for name in ("timeout", "cache_key", "checkpoint", "target", "task_run_name", "nout"):
        value = getattr(task, name)
        if value is not None:
            found[name] = _name(value) if callable(value) else value
    if isinstance(task, Parameter):
        found |= {"required": task.required, "default": _plain(task.default)}
    return found


# Most tasks of a large flow say nothing: that takes one look.
_said = attrgetter(
    "max_retries",
    "trigger",
    "skip_on_upstream_skip",
    "cache_for",
    "timeout",
    "cache_key",
    "checkpoint",
    "target",
    "task_run_name",
    "nout",
)
_USUAL = (0, triggers.all_successful, True, None, None, None, None, None, None, None)


def _default_of(parameter: Parameter) -> Any:
    """Return the default where JSON can say it; the flow itself knows the others."""
    plain = _plain(parameter.default)
    return plain if plain == parameter.default else None


_NOTHING: dict[str, Any] = {}


def _constants(flow: Flow, task: Task) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in flow.constants.get(task, _NOTHING).items()}
    return {**values, "value": _plain(task.value)} if isinstance(task, Constant) else values


def _plain(value: Any) -> Any:
    """Return a value as JSON data, or the name of its type where it has no such form."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value, order="deterministic"))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return f"<{type(value).__qualname__}>"


def _edge_order(edge: EdgeInfo) -> tuple[str, str, str]:
    return edge.upstream, edge.downstream, edge.key or ""


def _name(function: object) -> str:
    return getattr(function, "__name__", type(function).__qualname__)


# ---- the code of a task, and of a schedule

_NO_FILES = frozenset({"<string>", "<stdin>"})
"""Names that many texts share: what is found under them may be the text of something else."""


def _own_functions(schedule: Schedule) -> list[Any]:
    """Return the filters and adjustments of a schedule that have a source of their own."""
    kinds = ("filters", "or_filters", "not_filters", "adjustments")
    return [each for kind in kinds for each in getattr(schedule, kind, ()) if isinstance(each, FunctionType)]


def _number_of(task: Task, known: dict[int, int], codes: list[bytes]) -> int:
    """Return which of `codes` a task runs, put there when it is new; `known` has the answer for its function or class."""
    kind = type(task)
    run = vars(task).get("run")
    key = id(kind if run is None else run)
    if key not in known:
        functions = _methods(kind) if run is None else [run]
        known[key] = len(codes)
        codes.append(f"{kind.__module__}.{kind.__qualname__}".encode() + b"".join(map(_source_of, functions)))
    return known[key]


def _methods(kind: type) -> list[Any]:
    """Return the functions that the user's own classes of a task define."""
    foreign = {"runwright", "builtins", "typing"}
    own = [each for each in kind.__mro__ if each.__module__.partition(".")[0] not in foreign]
    return [value for each in own for value in vars(each).values() if isinstance(value, FunctionType)]


def _source_of(function: Callable[..., Any]) -> bytes:
    """Return the source text of a function, or what it compiled to where there is no text."""
    import inspect  # noqa: PLC0415  only flows that are recorded pay for it

    code = getattr(function, "__code__", None)
    try:
        if getattr(code, "co_filename", None) in _NO_FILES:
            raise OSError("There is no text.")  # noqa: TRY301  as inspect says it
        return inspect.getsource(function).encode()
    except (OSError, TypeError):
        return _digest_of(code) if isinstance(code, CodeType) else type(function).__qualname__.encode()


def _digest_of(code: CodeType) -> bytes:
    constants = [_digest_of(each) if isinstance(each, CodeType) else repr(each).encode() for each in code.co_consts]
    return b"".join([code.co_code, " ".join(code.co_names).encode(), *constants])
