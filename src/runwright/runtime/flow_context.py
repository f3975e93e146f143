"""FlowContext: what a flow run may know about itself, as the dict that its context is made of.

Only the dict is made here; making it the current one is the flow runner's work.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from runwright.clock import utcnow
from runwright.context import context as run_context
from runwright.runtime import caching

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}

# What the surrounding context holds of another run, or of a flow that is being built, is not for this run.
_NOT_INHERITED = frozenset(
    {
        "flow", "unused_tasks", "tags", "case", "resource", "mapped", "loading_flow",
        "flow_name", "flow_id", "flow_run_id", "flow_run_name", "parameters",
        "map_index", "resume", "logger",
    }
)  # fmt: skip


def inherited() -> dict[str, Any]:
    """Return what a flow run takes over from the context that it is started in."""
    around = run_context.to_dict()
    return {
        key: value for key, value in around.items() if key not in _NOT_INHERITED and not key.startswith(("task_", "_"))
    }


def flow_context(flow: Any, given: Mapping[str, Any], parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the context of a run of `flow`: what is `given` stays, `parameters` win over those given, defaults fill in.

    `date` (a datetime, or ISO text that becomes one) is the moment that the days count from, by default that of the current
    context, else now.
    """
    now, around = utcnow(), run_context.to_dict()
    context = {
        "date": around.get("date", now),
        "scheduled_start_time": around.get("scheduled_start_time", now),
        **given,
    }
    moment = context["date"] = _parsed(context["date"])
    for key, text in _days(moment if isinstance(moment, datetime) else now).items():
        context.setdefault(key, text if "date" in given else around.get(key, text))
    context["parameters"] = {
        **{each.name: each.default for each in flow.parameters() if not each.required},
        **(context.get("parameters") or {}),
        **(parameters or {}),
    }
    context["flow_name"] = flow.name
    context.setdefault("flow_id", flow.name)
    for key, value in (("caches", caching.caches()), ("checkpointing", _is_checkpointing(context, around))):
        context.setdefault(key, around.get(key, value))
    return context


def _is_checkpointing(context: Mapping[str, Any], around: Mapping[str, Any]) -> Any:
    """Return what `config.flows.checkpointing` says, True where there is no configuration."""
    config = context.get("config") or around.get("config") or {}
    return config.get("flows", {}).get("checkpointing", True)


def _parsed(date: Any) -> Any:
    """Return the moment that a text says, what is no such text as it is."""
    if not isinstance(date, str):
        return date
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return date
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _days(moment: datetime) -> dict[str, str]:
    days = {word: (moment + timedelta(days=days)).strftime("%Y-%m-%d") for word, days in _DAYS.items()}
    return {**days, **{f"{word}_nodash": text.replace("-", "") for word, text in days.items()}}
