"""Serializing: what a server keeps of tasks, edges and flows, as plain data that JSON can say.

Nothing here can be turned back into code: `Flow.save` does that.
"""

from __future__ import annotations

import functools
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from runwright import defaults
from runwright.cache_validators import never_use
from runwright.codec import to_plain
from runwright.errors import FlowError
from runwright.parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from runwright.edge import Edge
    from runwright.flow import Flow
    from runwright.task import Task


_SETTINGS = ("at_least", "at_most", "validate_on")


def task_document(task: Task, slug: str | None = None) -> dict[str, Any]:
    """Return what is kept of a task; `slug` is the one that its flow gave it."""
    document: dict[str, Any] = {
        "type": public_name(type(task)),
        "name": task.name,
        "slug": slug or task.slug,
        "tags": sorted(task.tags),
        "inputs": {
            name: {"type": str(each["type"]), "required": each["required"]} for name, each in task.inputs().items()
        },
        "outputs": str(task.outputs()),
    }
    if isinstance(task, Parameter):
        return {**document, "required": task.required, "default": to_plain(task.default)}
    return {
        **document,
        "max_retries": task.max_retries,
        "retry_delay": _seconds_of(task.retry_delay),
        "timeout": task.timeout,
        "trigger": _function_document(task.trigger),
        "skip_on_upstream_skip": task.skip_on_upstream_skip,
        "cache_for": _seconds_of(task.cache_for),
        "cache_key": task.cache_key,
        "cache_validator": _function_document(task.cache_validator or never_use),
        "auto_generated": task.auto_generated,
    }


def flow_document(flow: Flow, *, build: bool = False) -> dict[str, Any]:
    """Return what is kept of a flow, in an order that is always the same; raises `FlowError` as `Flow.validate`.

    With `build` the flow is first put where `flow.storage` keeps flows; raises `FlowError` when it has none.
    """
    flow.validate()
    kept = flow.storage
    if build:
        if kept is None:
            raise FlowError(
                f"Flow {flow.name!r} has no storage to build: set flow.storage, or serialize without build."
            )
        if flow.name not in kept:
            kept.add_flow(flow)
        kept = kept.build()
    slugs = flow.slugs
    tasks = sorted((task_document(task, slugs[task]) for task in flow.tasks), key=_slug_of)
    parameters = sorted((task_document(each, slugs[each]) for each in flow.parameters()), key=_slug_of)
    return {
        "type": public_name(type(flow)),
        "name": flow.name,
        "schedule": _document_of(flow.schedule),
        "parameters": parameters,
        "tasks": tasks,
        "edges": sorted((edge_document(edge, slugs) for edge in flow.edges), key=_edge_order),
        "reference_tasks": [{"slug": slug} for slug in sorted(slugs[task] for task in flow.reference_tasks())],
        "run_config": _document_of(flow.run_config),
        "storage": _document_of(kept),
    }


def edge_document(edge: Edge, slugs: Mapping[Task, str | None]) -> dict[str, Any]:
    """Return what is kept of an edge; `slugs` are those of its flow."""
    return {
        "upstream_task": {"slug": slugs[edge.upstream_task]},
        "downstream_task": {"slug": slugs[edge.downstream_task]},
        "key": edge.key,
        "mapped": edge.mapped,
        "flattened": edge.flattened,
    }


def document_hash(document: dict[str, Any]) -> str:
    """Return the SHA-256, in hex, of a document as JSON with sorted keys."""
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def public_name(thing: Any) -> str:
    """Return the dotted name of a class or function, as the active defaults name it."""
    name = f"{thing.__module__}.{getattr(thing, '__qualname__', type(thing).__qualname__)}"
    return defaults.active().public_name(name)


def _function_document(function: Any) -> dict[str, Any]:
    if isinstance(function, functools.partial):
        return {"fn": public_name(function.func), "kwargs": to_plain(function.keywords)}
    if hasattr(function, "__qualname__"):
        return {"fn": public_name(function), "kwargs": {}}
    owner, name = type(function).__module__, getattr(function, "name", type(function).__qualname__)
    held: dict[str, Any] = {key: getattr(function, key) for key in _SETTINGS if hasattr(function, key)}
    return {"fn": defaults.active().public_name(f"{owner}.{name}"), "kwargs": to_plain(held)}


def _document_of(thing: Any) -> Any:
    if thing is None:
        return None
    for name in ("serialize", "to_dict"):
        document = getattr(thing, name, None)
        if callable(document):
            return document()
    return {"type": public_name(type(thing))}


def _seconds_of(length: timedelta | list[timedelta] | None) -> float | list[float] | None:
    if isinstance(length, list):
        return [each.total_seconds() for each in length]
    return None if length is None else length.total_seconds()


def _slug_of(document: dict[str, Any]) -> str:
    return document["slug"]


def _edge_order(document: dict[str, Any]) -> tuple[str, str, str]:
    return document["upstream_task"]["slug"], document["downstream_task"]["slug"], document["key"] or ""
