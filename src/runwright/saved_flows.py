"""Saved flows: flows as files that another process can load and run. A saved flow is a pickle: load only your own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runwright import defaults, settings
from runwright.errors import FlowFileError, did_you_mean
from runwright.results.serializers import CloudpickleSerializer

if TYPE_CHECKING:
    from runwright.flow import Flow


def save(flow: Flow, path: str | None = None) -> str:
    """Write a flow to `path`, by default to the directory `flows` of Runwright's home, and return where."""
    target = Path(path) if path else home() / f"{slug_of(flow.name)}{defaults.active().flow_ending}"
    data = CloudpickleSerializer().serialize(flow)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return str(target)


def load(path: str) -> Any:
    """Return the flow of a file, or the one that was saved under this name or its slug; raises `FlowFileError`."""
    places = [Path(path), home() / f"{slug_of(path)}{defaults.active().flow_ending}"]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        known = [each.stem for each in home().glob(f"*{defaults.active().flow_ending}")]
        raise FlowFileError(
            f"There is no saved flow {path!r}, and no such file: {places[0]} or {places[1]}.{did_you_mean(path, known)}"
        )
    return CloudpickleSerializer().deserialize(found.read_bytes())


def home() -> Path:
    """Return where flows are saved by default."""
    return Path(defaults.active().home or settings.load().home) / "flows"


def slug_of(name: str) -> str:
    """Return a name in lower case, what is neither letter nor digit as hyphens."""
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-")
