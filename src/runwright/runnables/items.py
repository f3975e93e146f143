"""Items: tasks about the lines of a file: cutting, turning round, leaving out. A line is an item: JSON, or Ion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.errors import ExpressionError, RunnableFailed
from runwright.expression import is_true
from runwright.runnables.folders import scratch
from runwright.runnables.lines import Cut, cut_file, lines_of
from runwright.runnables.rendering import as_text, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.scope import Scope
    from runwright.spec.tasks import values


def split(task: values.Split, scope: Scope) -> dict[str, Any]:
    """Cut a file in several."""
    how = Cut(task.rows, text_of(scope, task.bytes), task.partitions, task.regex_pattern, task.separator)
    return {"uris": cut_file(scope, scope.render(task.from_), how)}


def reverse(task: values.Reverse, scope: Scope) -> dict[str, Any]:
    """Write the lines of a file from the last to the first; the lines are read where they stand, not held."""
    separator = _encoded(task.separator, task.charset)
    with scratch(scope, "reversed") as path, scope.drive.open(scope.render(task.from_)) as source:
        copy, starts = path.with_name("copy"), [0]
        with copy.open("w+b") as lines, path.open("wb") as target:
            for line in lines_of(source, separator):
                lines.write(line)
                starts.append(starts[-1] + len(line))
            for start, end in zip(starts[-2::-1], starts[:0:-1], strict=True):
                lines.seek(start)
                line = lines.read(end - start)
                target.write(line if line.endswith(separator) else line + separator)
        return {"uri": scope.keep("reversed", path)}


def _encoded(separator: str, charset: str) -> bytes:
    try:
        encoded = separator.encode(charset)
    except (LookupError, UnicodeEncodeError) as error:
        raise RunnableFailed(
            f"The separator {separator!r:.40} cannot be written in {charset!r:.40}: {error}."
        ) from error
    return encoded.removeprefix(
        "".encode(charset)
    )  # what marks the order of bytes stands at the beginning of a file only


def deduplicate(task: values.DeduplicateItems, scope: Scope) -> dict[str, Any]:
    """Keep the last of the items that have the same key, where it stands."""
    uri = scope.render(task.from_)
    with scope.drive.open(uri) as source:
        last = {as_text(_yielded(task.expr, line, scope)): number for number, line in enumerate(source)}
    kept = set(last.values())
    found = _filtered(scope, uri, lambda number, _: number in kept)
    return {**found, "numKeys": len(last)}


def filter_items(task: values.FilterItems, scope: Scope) -> dict[str, Any]:
    """Keep the items for which the condition holds, or those for which it does not."""

    def is_kept(_: int, line: bytes) -> bool:
        holds = _holds(task, line, scope)
        return holds is (task.filter_type == "INCLUDE") if isinstance(holds, bool) else holds == "INCLUDE"

    return _filtered(scope, scope.render(task.from_), is_kept)


def _filtered(scope: Scope, uri: str, is_kept: Callable[[int, bytes], bool]) -> dict[str, Any]:
    total, dropped = 0, 0
    with scratch(scope, "items.ion") as path:
        with scope.drive.open(uri) as source, path.open("wb") as target:
            for total, line in enumerate(source, 1):
                if is_kept(total - 1, line):
                    target.write(line)
                else:
                    dropped += 1
        return {"uri": scope.keep("items.ion", path), "processedItemsTotal": total, "droppedItemsTotal": dropped}


def _holds(task: values.FilterItems, line: bytes, scope: Scope) -> bool | str:
    """Return whether the condition holds for an item, or what is to be done where it yields nothing or fails."""
    try:
        value = _yielded(task.filter_condition, line, scope)
    except (ExpressionError, RunnableFailed):
        if task.error_or_null_behavior == "FAIL":
            raise
        return task.error_or_null_behavior
    if value is not None:
        return is_true(as_text(value))
    if task.error_or_null_behavior == "FAIL":
        raise RunnableFailed(
            f"The condition yields nothing for the item {line[:200].decode('utf-8', 'replace').strip()}."
        )
    return task.error_or_null_behavior


def _yielded(expression: str, line: bytes, scope: Scope) -> Any:
    """Return what an expression yields with the entries of an item as variables, and the whole item as `item`."""
    item = _item(line, scope)
    entries = {str(key): value for key, value in item.items()} if isinstance(item, Mapping) else {}
    return scope.evaluate(expression.strip(), **{"item": item, **entries})


def _item(line: bytes, scope: Scope) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return scope.evaluate("{{ fromIon(line) }}", line=line.decode("utf-8", "replace"))
