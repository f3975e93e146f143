"""Artifacts: what programs keep with a task run for people to look at, read from its events: links, texts, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from runwright import ids
from runwright.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.events import Event


class Artifact(msgspec.Struct):
    """One artifact: its kind and data as they came; `link` is an address of the web, where the data are one."""

    id: str
    kind: str
    data: Any
    text: str = ""
    link: str = ""


def artifacts_of(events: Iterable[Event]) -> list[Artifact]:
    """Return the artifacts of a task run as its events have left them, oldest first."""
    found: dict[str, Artifact] = {}
    for event in events:
        told = (event.data or {}).get("artifact") if event.kind == EventKind.ANNOTATED else None
        if told is None:
            continue
        own = str(ids.event_id(event.flow_run, event.ordinal, event.version))
        if told.get("is_deleted"):
            found.pop(str(told.get("id")), None)
        elif "id" in told:
            known = found.get(str(told["id"]))
            if known is not None:
                found[known.id] = _artifact(known.id, known.kind, told.get("data"))
        else:
            found[own] = _artifact(own, str(told.get("kind", "")), told.get("data"))
    return list(found.values())


def _artifact(identity: str, kind: str, data: Any) -> Artifact:
    told: dict[str, Any] = data if isinstance(data, dict) else {}
    link, text = (_text(told.get(name)) for name in ("link", "markdown"))
    is_web = urlsplit(link).scheme in {"http", "https"} if link else False
    return Artifact(identity, kind, data, text, link if is_web else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
