"""Tags: the tags of a task run as a column, which are its task's and those that it was given, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.stores.sql.expressions import Plain
from runwright.stores.texts import to_json

if TYPE_CHECKING:
    from runwright.stores.sql.dialect import Dialect
    from runwright.stores.sql.expressions import Binding

_OWN = (
    "(SELECT tags FROM task WHERE task.idx = @.task AND task.flow = (SELECT flow FROM flow_run WHERE key = @.flow_run))"
)
_GIVEN = "given_tag WHERE given_tag.flow_run = @.flow_run AND given_tag.ordinal = @.ordinal"


class Tags(Plain):
    """A list of words; whether one is in it is asked of both halves, so that no list is made for that."""

    def __init__(self, dialect: Dialect) -> None:
        """Write it in a dialect."""
        more = f"SELECT tag FROM {_GIVEN} ORDER BY tag"
        has_more = f"EXISTS (SELECT 1 FROM {_GIVEN})"
        super().__init__(
            "json",
            f"(CASE WHEN {has_more} THEN {dialect.list_with(_OWN, f'SELECT tag FROM ({more}) g')} ELSE {_OWN} END)",
        )

    def compare(self, operator: str, value: Any, to: Binding) -> str:
        """Return the condition for a value of `runwright.stores.query_values`."""
        wanted = value if isinstance(value, list) else [value]
        if operator != "contains" or not wanted or not all(map(_is_plain, wanted)):
            return super().compare(operator, value, to)
        return f"({' AND '.join(self._has(tag, to) for tag in wanted)})"

    def _has(self, tag: str, to: Binding) -> str:
        own = to.dialect.matches(_OWN, "contains", to.bind(to_json([tag])))
        return f"({own} OR EXISTS (SELECT 1 FROM {_GIVEN} AND given_tag.tag = {to.bind(tag)}))"


def _is_plain(wanted: Any) -> bool:
    """Say whether something is a text that can have been given as a tag."""
    return isinstance(wanted, str) and wanted.isprintable()
