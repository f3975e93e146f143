"""Query filters: the conditions that clients of executions put into a URL, read and matched.

    filters[namespace][EQUALS]=a.b    filters[state][IN]=FAILED,KILLED    filters[labels][EQUALS][team]=core
    filters[or][0][flowId][EQUALS]=a&filters[or][1][flowId][EQUALS]=b

What a field is, the caller says; what an operator does, stands here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from runwright.errors import ExpressionError
from runwright.expression import Limits
from runwright.expressions.budget import Budget
from runwright.expressions.faults import Fault
from runwright.expressions.patterns import pattern_of
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Look = Callable[[str, str | None], Any]

MOST_CONDITIONS = 200
DEEPEST = 10

_PART = re.compile(r"\[([^\[\]]*)\]")
_NEGATIONS = {"NOT_EQUALS": "EQUALS", "NOT_IN": "IN", "NOT_CONTAINS": "CONTAINS", "IS_NOT_NULL": "IS_NULL"}


class Condition(NamedTuple):
    """One condition; `key` names a part of a field that has parts: the key of a label."""

    field: str
    operator: str
    value: str
    key: str | None = None

    def matches(self, look: Look) -> bool:
        """Say whether it holds of what `look` finds under the field: a text, several, or None."""
        found = look(self.field, self.key)
        plain = _NEGATIONS.get(self.operator)
        holds = _OPERATORS[plain or self.operator](found, self.value)
        return holds != (plain is not None)


class Group(NamedTuple):
    """Conditions of which all must hold, or one."""

    joined_by: Literal["and", "or"]
    members: tuple[Condition | Group, ...]

    def matches(self, look: Look) -> bool:
        """Say whether the group holds; an empty one does."""
        if not self.members:
            return True
        holds = (each.matches(look) for each in self.members)
        return any(holds) if self.joined_by == "or" else all(holds)

    def conditions(self) -> list[Condition]:
        """Return the conditions that must hold whatever else does."""
        if self.joined_by == "or" and len(self.members) > 1:
            return []
        return [
            each for member in self.members for each in (member.conditions() if isinstance(member, Group) else [member])
        ]


def group_from(parameters: Iterable[tuple[str, str]], fields: Iterable[str]) -> Group:
    """Return the filters among the parameters of a URL.

    Raises `Problem` 422 for a field that is not among `fields`, an operator that there is not, and too many of them.
    """
    given = [(_PART.findall(name), value) for name, value in parameters if name.startswith("filters[")]
    if len(given) > MOST_CONDITIONS:
        raise Problem(422, f"A query has at most {MOST_CONDITIONS} filters.")
    return _group("and", given, frozenset(fields), 0)


def _group(
    joined_by: Literal["and", "or"], given: list[tuple[list[str], str]], fields: frozenset[str], depth: int
) -> Group:
    if depth > DEEPEST:
        raise Problem(422, f"Filters are nested deeper than {DEEPEST} levels.")
    members: list[Condition | Group] = []
    nested: dict[tuple[str, str], list[tuple[list[str], str]]] = {}
    for parts, value in given:
        if parts[:1] in (["and"], ["or"]) and len(parts) > 2:  # noqa: PLR2004  the word, a number, and what is meant
            nested.setdefault((parts[0], parts[1]), []).append((parts[2:], value))
        else:
            members.append(_condition(parts, value, fields))
    for word in ("and", "or"):
        inner = [_group("and", each, fields, depth + 1) for (joined, _), each in nested.items() if joined == word]
        if inner:
            members.append(Group(word, tuple(inner)))
    return Group(joined_by, tuple(members))


def _condition(parts: list[str], value: str, fields: frozenset[str]) -> Condition:
    if len(parts) not in {2, 3} or parts[0] not in fields:
        raise Problem(422, f"There is no such filter. Fields: {', '.join(sorted(fields))}.")
    field, operator, *key = parts
    if operator not in _OPERATORS and operator not in _NEGATIONS:
        known = ", ".join(sorted({*_OPERATORS, *_NEGATIONS}))
        raise Problem(422, f"There is no such operator. Operators: {known}.")
    condition = Condition(field, operator, value, key[0] if key else None)
    if operator == "REGEX":
        _compile(value)
    return condition


def _texts(found: Any) -> list[str]:
    if found is None:
        return []
    return [str(each) for each in found] if isinstance(found, list | tuple | set) else [str(found)]


def _regex(found: Any, pattern: str) -> bool:
    try:
        return any(_compile(pattern).find(text, 0, Budget(Limits())) is not None for text in _texts(found))
    except (Fault, ExpressionError):
        raise Problem(422, "This pattern takes too long: write a simpler one.") from None


def _compile(pattern: str) -> Any:
    try:
        return pattern_of(pattern)
    except (Fault, ExpressionError) as fault:
        raise Problem(422, f"This pattern cannot be used: {fault}") from None


def is_below(text: str, namespace: str) -> bool:
    """Say whether a namespace is another one, or below it."""
    return text == namespace or text.startswith(f"{namespace}.")


_OPERATORS: dict[str, Callable[[Any, str], bool]] = {
    "EQUALS": lambda found, value: value in _texts(found),
    "IN": lambda found, value: not set(value.split(",")).isdisjoint(_texts(found)),
    "CONTAINS": lambda found, value: any(value.lower() in text.lower() for text in _texts(found)),
    "STARTS_WITH": lambda found, value: any(text.startswith(value) for text in _texts(found)),
    "ENDS_WITH": lambda found, value: any(text.endswith(value) for text in _texts(found)),
    "PREFIX": lambda found, value: any(is_below(text, value) for text in _texts(found)),
    "IS_NULL": lambda found, _: not _texts(found),
    "REGEX": _regex,
    "GREATER_THAN": lambda found, value: any(text > value for text in _texts(found)),
    "GREATER_THAN_OR_EQUAL_TO": lambda found, value: any(text >= value for text in _texts(found)),
    "LESS_THAN": lambda found, value: any(text < value for text in _texts(found)),
    "LESS_THAN_OR_EQUAL_TO": lambda found, value: any(text <= value for text in _texts(found)),
}
