"""Reading: a YAML flow from its text to its declaration, or to all that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runwright.errors import FlowFileError, Problem
from runwright.spec.elements import read_element
from runwright.spec.findings import Findings
from runwright.spec.flow_spec import FlowSpec
from runwright.spec.kinds import WRONG
from runwright.spec.load import MOST_BYTES, load
from runwright.spec.nodes import Mapping, words_for
from runwright.spec.plugin_defaults import apply_plugin_defaults

if TYPE_CHECKING:
    from typing import IO


class Outcome(msgspec.Struct, frozen=True):
    """What became of a text: the declaration, None when there are errors, and all problems from top to end."""

    spec: FlowSpec | None
    problems: tuple[Problem, ...]


def load_flow_spec(path: str | Path) -> FlowSpec:
    """Return the flow that a YAML file declares.

    Raises `FlowSpecError`, which has every problem of the file, and `FlowFileError` when it cannot be opened.
    """
    return parse_flow_spec(read_file(path), file=str(path))


def parse_flow_spec(text: str | bytes, file: str = "<text>") -> FlowSpec:
    """Return the flow that a YAML text declares; `file` is how problems call it. Raises `FlowSpecError`."""
    findings = Findings(file)
    spec = _read(text, findings)
    findings.refuse()
    assert spec is not None  # noqa: S101  a text without errors is a flow
    return spec


def examine(text: str | bytes, file: str = "<text>") -> Outcome:
    """Return what a YAML text declares and all its problems, warnings too; raises nothing."""
    findings = Findings(file)
    spec = _read(text, findings)
    return Outcome(None if findings.has_errors else spec, tuple(findings.in_order()))


def read_file(path: str | Path) -> bytes:
    """Return the content of a file, not much more than a flow may have; raises `FlowFileError`."""
    try:
        with Path(path).open("rb") as file:
            return read_stream(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FlowFileError(f"{path} cannot be read: {reason}. Give a YAML file that declares a flow.") from None


def read_stream(stream: IO[bytes]) -> bytes:
    """Return what a stream has, not much more than a flow may have."""
    return stream.read(MOST_BYTES + 1)


def _read(text: str | bytes, findings: Findings) -> FlowSpec | None:
    root = load(text, findings)
    if root is None:
        return None
    if not isinstance(root, Mapping):
        findings.add(
            root, (), "wrong_type", f"A flow is a mapping with id, namespace and tasks, not {words_for(root)}."
        )
        return None
    if not apply_plugin_defaults(root, findings):
        return None
    spec = read_element(FlowSpec, root, (), findings)
    if spec is WRONG:
        return None
    warnings = tuple(problem for problem in findings.in_order() if problem.is_warning)
    return msgspec.structs.replace(spec, file=findings.file, warnings=warnings)
