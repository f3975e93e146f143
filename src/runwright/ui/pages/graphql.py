"""GraphQL: any query of the record, answered as JSON and, where it is a list, as a table. Whoever serves the pages answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.entities import ENTITIES
from runwright.ui.pages.query import Example

if TYPE_CHECKING:
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

MOST_TEXT = 20_000
MOST_ROWS = 200
MOST_COLUMNS = 16
USUAL = """query {
  task_run(where: {phase: {_eq: "bad"}}, order_by: {end_time: desc}, limit: 20) {
    id
    state
    state_message
    task { slug }
    flow_run { name }
  }
}"""
_EXAMPLES = (
    (
        "How many, by flow",
        "query {\n  flow_run(limit: 20, order_by: {created: desc}) {\n    name\n    state\n    flow { name version }\n  }\n}",
    ),
    (
        "Numbers of all",
        "query {\n  task_run_aggregate {\n    aggregate { count avg { duration_seconds } max { duration_seconds } }\n  }\n}",
    ),
    (
        "The latest lines",
        "query {\n  log(order_by: {timestamp: desc}, limit: 50) {\n    timestamp\n    level\n    message\n  }\n}",
    ),
)


class GraphQLPage(msgspec.Struct):
    """The page: the query, its answer as text, and its first list as a table. `why` says what is wrong with the query."""

    text: str
    can_answer: bool
    examples: list[Example]
    answer: str = ""
    columns: list[str] = []
    cells: list[list[str]] = []
    why: str = ""
    status: int = 200


class Field(msgspec.Struct, frozen=True):
    """What may stand inside the braces of an entity; `entity` is what a relation leads to, or empty."""

    name: str
    says: str
    entity: str = ""


class Schema(msgspec.Struct, frozen=True):
    """The fields of each entity, for completion."""

    entities: dict[str, list[Field]]


def read(surface: Surface, ask: Ask) -> GraphQLPage:
    """Return the page with the answer to its query."""
    text = ask.get("query").strip()[:MOST_TEXT]
    examples = [Example(title, ask.link(query=query)) for title, query in _EXAMPLES]
    page = GraphQLPage(text or USUAL, surface.answer is not None, examples)
    if surface.answer is not None and text:
        _answer(page, surface.answer(text))
    return page


def read_schema(_: Surface, __: Ask) -> Schema:
    """Return what may be completed."""
    return Schema(
        {
            name: [
                *(Field(each.name, each.says) for each in entity.columns.values()),
                *(Field(each.name, each.says, each.entity) for each in entity.relations.values()),
            ]
            for name, entity in ENTITIES.items()
        }
    )


def _answer(page: GraphQLPage, body: bytes | str) -> None:
    page.answer = msgspec.json.format(body if isinstance(body, str) else body.decode(), indent=2)
    found = msgspec.json.decode(body)
    if found.get("errors"):
        page.why, page.status = "; ".join(str(each.get("message", "")) for each in found["errors"]), 400
    rows = next((value for value in (found.get("data") or {}).values() if isinstance(value, list)), [])
    flat = [_flat(row) for row in rows[:MOST_ROWS] if isinstance(row, dict)]
    page.columns = list(dict.fromkeys(key for row in flat for key in row))[:MOST_COLUMNS]
    page.cells = [[row.get(column, "") for column in page.columns] for row in flat]


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the values of a row by their paths, as text."""
    found: dict[str, str] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{key}."))
        else:
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            found[f"{prefix}{key}"] = "" if value is None else text
    return found
