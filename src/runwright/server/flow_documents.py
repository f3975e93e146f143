"""Flow documents: registered YAML flows as clients of executions read them, and what validation says of a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runwright.clock import to_iso
from runwright.spec import examine
from runwright.spec.findings import Findings
from runwright.spec.load import load
from runwright.spec.nodes import plain_data

if TYPE_CHECKING:
    from runwright.errors import Problem
    from runwright.executions.registered_flows import RegisteredFlow, RegisteredFlows

_DOCUMENT = re.compile(r"^---[ \t]*$", re.MULTILINE)
_DISABLED = re.compile(r"^disabled[ \t]*:.*$", re.MULTILINE)


def flow_document(flow: RegisteredFlow, *, with_source: bool = True) -> dict[str, Any]:
    """Return a flow: the keys of its text, and what registration adds."""
    declared = declared_in(flow.text)
    document = {
        **declared,
        "id": flow.id,
        "namespace": flow.namespace,
        "revision": flow.revision,
        "disabled": declared.get("disabled") is True,
        "deleted": flow.is_deleted,
        "draft": False,
        "labels": labels_of(declared),
        "updated": to_iso(flow.created).replace("+00:00", "Z"),
    }
    return {**document, "source": flow.text} if with_source else document


def declared_in(text: str) -> dict[str, Any]:
    """Return the keys of a YAML text as plain data, nothing for one that cannot be read."""
    root = load(text, Findings("<text>"))
    try:
        found = None if root is None else plain_data(root)
    except OverflowError:
        return {}
    return found if isinstance(found, dict) else {}


def labels_of(declared: dict[str, Any]) -> list[dict[str, str]]:
    """Return labels as a list of keys and values, whichever way they are written."""
    labels = declared.get("labels") or []
    if isinstance(labels, dict):
        return [{"key": str(key), "value": str(value)} for key, value in labels.items()]
    return [each for each in labels if isinstance(each, dict)]


def documents_in(text: str) -> list[str]:
    """Return the YAML documents of a text, each by itself."""
    return [part for part in _DOCUMENT.split(text) if part.strip()] or [text]


def switched(text: str, *, is_disabled: bool) -> str:
    """Return the text of a flow that is disabled, or is no more."""
    line = f"disabled: {'true' if is_disabled else 'false'}"
    if _DISABLED.search(text):
        return _DISABLED.sub(line, text, count=1)
    return f"{text.rstrip()}\n{line}\n" if is_disabled else text


def validation(flows: RegisteredFlows, text: str, index: int) -> dict[str, Any]:
    """Return what is to be said of a text: `constraints` has every error, a line each, and is null for a valid flow."""
    outcome = examine(text)
    errors = [problem for problem in outcome.problems if not problem.is_warning]
    declared = declared_in(text)
    namespace, identity = declared.get("namespace"), declared.get("id")
    newest = flows.find(namespace, identity) if isinstance(namespace, str) and isinstance(identity, str) else None
    revision = declared.get("revision")
    return {
        "flow": identity,
        "namespace": namespace,
        "index": index,
        "constraints": constraints_of(errors) if errors else None,
        "outdated": newest is not None and isinstance(revision, int) and revision < newest.revision,
        "deprecationPaths": [each.path for each in outcome.problems if each.is_warning and "old" in each.code],
        "warnings": [_told(each) for each in outcome.problems if each.is_warning],
        "infos": [],
    }


def constraints_of(errors: list[Problem]) -> str:
    """Return errors as one text, a line each."""
    return "\n".join(map(_told, errors))


def _told(problem: Problem) -> str:
    return f"{problem.message} (line {problem.line}, column {problem.column})"
