"""Pasting: values from outside that a flow puts as they are into commands and scripts, where they would be read as code.

It only warns: the author may know what the values are. What a value is at run time is no business of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import ExpressionError
from runwright.expression import compile_template
from runwright.spec.nodes import Mapping, Scalar, Sequence
from runwright.spec.tasks.programs import Program, PythonScript

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.spec.findings import Findings, Path
    from runwright.spec.inputs import Input
    from runwright.spec.nodes import Node
    from runwright.spec.tasks.task import Task

# fmt: off
HARMLESS = frozenset({
    "escapeChar", "number", "abs", "length", "slugify", "md5", "sha1", "sha256", "sha512", "base64encode",
    "timestamp", "timestampMilli", "timestampMicro", "timestampNano",
})
"""The filters whose results are no code, or are quoted."""

_WORDS = frozenset({"INT", "FLOAT", "BOOLEAN", "BOOL", "DATETIME", "DATE", "TIME", "DURATION", "FILE", "ENUM"})
"""The types of inputs whose values are one word that a shell does not look into."""

_OF_TRIGGER = frozenset({"date", "next", "previous", "executionId", "namespace", "flowId", "flowRevision", "state"})
_OF_TASKS = frozenset({
    "uri", "uris", "files", "outputFiles", "exitCode", "executionId", "size", "count", "code", "length", "state",
    "iterationCount", "numberOfBatches",
})
"""What Runwright itself makes: addresses, numbers, names that are checked."""
# fmt: on

_OF_USERS = frozenset({"value", "values", "vars", "body", "data", "outputs", "headers"})
"""What of the outputs of a task anything may be in."""

_CHOICES = frozenset({"SELECT", "MULTISELECT"})
_QUOTING_FOR_PYTHON = frozenset({"json", "toJson", "tojson"})
_READ_ELSEWHERE = frozenset({"read()", "http()"})
_KEYS = ("before_commands", "beforeCommands"), ("commands", "commands"), ("script", "script")


def warn_of_pasted(
    tasks: Iterable[tuple[Path, Task]], inputs: Iterable[Input], root: Mapping, findings: Findings
) -> None:
    """Warn of each command and script of these tasks that takes a value from outside as it is."""
    known = {each.id: each for each in inputs}
    for place, task in tasks:
        if isinstance(task, Program):
            harmless = HARMLESS | _QUOTING_FOR_PYTHON if isinstance(task, PythonScript) else HARMLESS
            for path, text in _texts_of(task):
                names = sorted(_pasted_in(text, harmless, known))
                if names:
                    message = _message(names, is_python=isinstance(task, PythonScript) and path[0] == "script")
                    findings.warn(
                        _node_at(root, (*place, *path)) or task.position, (*place, *path), "pasted_value", message
                    )


def _texts_of(task: Program) -> Iterator[tuple[Path, str]]:
    for attribute, key in _KEYS:
        found: Any = getattr(task, attribute, ())
        if isinstance(found, str):
            yield (key,), found
        else:
            yield from (((key, index), text) for index, text in enumerate(found) if isinstance(text, str))


def _pasted_in(text: str, harmless: frozenset[str], inputs: dict[str, Input]) -> Iterator[str]:
    """Yield what a text takes from outside, as people write it."""
    if "{{" not in text:
        return
    try:
        printed = compile_template(text).pasted(harmless)
    except ExpressionError:  # told when it is rendered
        return
    yield from (_shown(path) for path in printed if _is_foreign(path, inputs))


def _shown(path: tuple[str, ...]) -> str:
    first = path[0].replace("()", "(...)")
    return first + "".join(
        f".{each}" if each.isidentifier() else f"['{each}']".replace("'*'", "...") for each in path[1:]
    )


def _is_foreign(path: tuple[str, ...], inputs: dict[str, Input]) -> bool:
    first, rest = path[0], path[1:]
    if first == "inputs":
        return not any(_is_word(inputs.get(".".join(rest[:end]))) for end in range(1, len(rest) + 1))
    if first == "trigger":
        return _OF_TRIGGER.isdisjoint(rest[:1])
    if first == "outputs":
        return next((each for each in rest[1:] if each in _OF_TASKS | _OF_USERS), "") not in _OF_TASKS
    return first == "labels" or first in _READ_ELSEWHERE


def _is_word(declared: Input | None) -> bool:
    if declared is None:
        return False
    is_free = getattr(declared, "allow_custom_value", False) or getattr(declared, "expression", None) is not None
    return declared.type in _WORDS or (declared.type in _CHOICES and not is_free)


def _message(names: list[str], *, is_python: bool) -> str:
    first = names[0]
    what = ", ".join(f"`{each}`" for each in names)
    if is_python:
        kind, read, quoted = "script", "`os.environ['VALUE']`", f"`{{{{ {first} | json }}}}`"
    else:
        kind, read, quoted = "command", '`"$VALUE"`', f"`'{{{{ {first} | escapeChar('shell') }}}}'`"
    return (
        f"The {kind} takes {what} as text: whoever gives the value can make it run anything. "
        f'Instead set `env: {{VALUE: "{{{{ {first} }}}}"}}` and read {read}, or write {quoted}.'
    )


def _node_at(root: Node, path: Path) -> Node | None:
    """Return the node at a path, None where the document writes it in another way."""
    node: Node | None = root
    for part in path:
        if isinstance(node, Mapping) and isinstance(part, str):
            node = node.entries.get(part)
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part] if part < len(node.items) else None
        elif not isinstance(node, Scalar) or part != 0:  # one text stands for a list of one
            return None
    return node
