"""Makes the tables of the documentation from the code. `python -m tests.docs.tables` writes them in their places."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runwright import settings
from runwright.entities import ENTITIES
from runwright.expressions.filters import FILTERS
from runwright.expressions.functions import FUNCTIONS, HOST_FUNCTIONS
from runwright.expressions.json_query_functions import FUNCTIONS as QUERY_FUNCTIONS
from runwright.expressions.parser import OPERATORS
from runwright.expressions.tags import TAGS
from runwright.expressions.value_tests import TESTS
from runwright.runnables import PLACES
from runwright.server.graphql.scalars import OF_TYPE
from runwright.spec.conditions import CONDITIONS, Condition
from runwright.spec.elements import Element, Key, table_of
from runwright.spec.flow_spec import Check, Concurrency, FlowSpec, Listener, PluginDefaults, Sla
from runwright.spec.inputs import INPUTS, DependsOn, Input, Output
from runwright.spec.retries import RETRIES, Retry
from runwright.spec.tasks import ALL_TYPES, Task
from runwright.spec.tasks.files import NamespaceFiles
from runwright.spec.tasks.flow_control import Batch, CheckFrequency, DagTask, DirectoryCache
from runwright.spec.tasks.task import TaskCache, WorkerGroup
from runwright.spec.triggers import TRIGGER_TYPES, Filter, Preconditions, TimeWindow, Trigger, UpstreamFlow, Where
from runwright.states import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.expressions.signatures import Routine

DOCS = Path(__file__).parents[2] / "docs"


def states_table() -> str:
    """Return the state table in all three vocabularies."""
    head = "| state | is a | event type | event name | execution | phase |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {kind.name} | {kind.parent} | {kind.event_type} | {kind.event_name} | {kind.execution} | {kind.phase.value} |\n"
        for kind in TABLE
    )


def settings_table() -> str:
    """Return every setting with its variable, default and meaning."""
    head = "| setting | variable | default | meaning |\n|---|---|---|---|\n"
    return head + "".join(
        f"| `{each.name}` | `{each.variable}` | `{each.default}` | {each.meaning} |\n" for each in settings.TABLE
    )


def graphql_table() -> str:
    """Return every entity with its columns and relations."""
    return "\n".join(
        f"### {entity.name}\n\n{entity.says}\n\n| column or relation | type | meaning |\n|---|---|---|\n"
        + "".join(f"| `{each.name}` | {OF_TYPE[each.type].name} | {each.says} |\n" for each in entity.columns.values())
        + "".join(
            f"| `{each.name}` | {f'[{each.entity}]' if each.is_list else each.entity} | {each.says} |\n"
            for each in entity.relations.values()
        )
        for entity in ENTITIES.values()
    )


def yaml_flows_table() -> str:
    """Return every element of a YAML flow with its keys."""
    return (
        f"### The flow\n\n{_keys(FlowSpec, Element)}"
        + _elements(
            "Parts of the flow",
            (Concurrency, Sla, Check, PluginDefaults, Output, DependsOn, WorkerGroup, TaskCache, Listener),
            Element,
        )
        + _family("Retries", Retry, dict.fromkeys(RETRIES.values()))
        + _family("Inputs", Input, dict.fromkeys(INPUTS.values()))
        + _family("Tasks", Task, ALL_TYPES)
        + _elements("Parts of tasks", (DagTask, CheckFrequency, Batch, DirectoryCache, NamespaceFiles), Element)
        + _family("Triggers", Trigger, TRIGGER_TYPES)
        + _elements("Parts of triggers", (Preconditions, UpstreamFlow, Where, Filter, TimeWindow), Element)
        + _family("Conditions", Condition, dict.fromkeys(CONDITIONS.values()))
    )


def task_types_table() -> str:
    """Return every task type that does work, with its keys and outputs."""
    head = "| type | what it does | keys | outputs |\n|---|---|---|---|\n"
    return head + "".join(
        f"| [`{_short(each)}`](yaml-flows.md#{_short(each).lower().replace('.', '')}) | {(each.__doc__ or '').partition(chr(10))[0]} "
        f"| {_words(_own_keys(each))} | {_words(PLACES[each].outputs)} |\n"
        for each in ALL_TYPES
        if each in PLACES
    )


def _own_keys(element: type[Element]) -> list[str]:
    return [key.name for key in table_of(element).keys if key.name not in table_of(Task).by_name]


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _short(element: type[Element]) -> str:
    """Return the shortest name of a type, the first of those that are equally short."""
    names = list(getattr(element, "names", ()))
    return min(names, key=lambda name: (name.count("."), names.index(name))) if names else element.__name__


def _family(title: str, parent: type[Element], members: Iterable[type[Element]]) -> str:
    return f"### {title}\n\nKeys of all:\n\n{_keys(parent, Element)}" + "".join(
        _entry(each, parent) for each in members
    )


def _elements(title: str, members: Iterable[type[Element]], parent: type[Element]) -> str:
    return f"### {title}\n\n" + "".join(_entry(each, parent) for each in members)


def _entry(element: type[Element], parent: type[Element]) -> str:
    short = _short(element)
    others = ", ".join(f"`{name}`" for name in getattr(element, "names", ()) if name != short)
    doc = (element.__doc__ or "").partition("\n")[0]
    return f"#### `{short}`\n\n{doc}{f' Also written {others}.' if others else ''}\n\n{_keys(element, parent)}"


def _keys(element: type[Element], parent: type[Element]) -> str:
    """Return the table of the keys that a parent does not have, empty when there are none."""
    rows = [key for key in table_of(element).keys if parent is Element or key.name not in table_of(parent).by_name]
    if not rows:
        return ""
    head = "| key | value | default | meaning |\n|---|---|---|---|\n"
    return head + "".join(f"| {_names(key)} | {key.kind.name} | {_default(key)} | {key.doc} |\n" for key in rows) + "\n"


def _names(key: Key) -> str:
    return ", older ".join(f"`{name}`" for name in (key.name, *key.also))


def _default(key: Key) -> str:
    if key.is_required:
        return "**required**"
    if isinstance(key.default, str | int | float):
        return f"`{msgspec.json.encode(key.default).decode()}`"
    return ""


def expressions_table() -> str:
    """Return the operators, filters, functions, tests and tags of expressions."""
    return "\n".join(
        [
            _table("operator", ((name, each.meaning) for name, each in OPERATORS.items())),
            _table("filter", _routines(FILTERS)),
            _table("function", _routines(FUNCTIONS)),
            _table("function of the host", HOST_FUNCTIONS.items()),
            _table("test", _routines(TESTS)),
            _table("tag", TAGS.items()),
            f"Functions of jq: {', '.join(f'`{name}`' for name in sorted({name for name, _ in QUERY_FUNCTIONS}))}.\n",
        ]
    )


def _routines(table: dict[str, Routine]) -> Iterator[tuple[str, str]]:
    for name, routine in sorted(table.items()):
        yield f"{name}({routine.signature})" if routine.signature else name, routine.meaning


def _table(head: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = (f"| `{_cell(name)}` | {_cell(meaning)} |\n" for name, meaning in rows)
    return f"| {head} | what it does |\n|---|---|\n" + "".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


TABLES = {
    "task-types.md": task_types_table,
    "yaml-flows.md": yaml_flows_table,
    "expressions.md": expressions_table,
    "states.md": states_table,
    "settings.md": settings_table,
    "graphql.md": graphql_table,
}


def with_table(text: str, table: str) -> str:
    """Return a page with what stands between its markers replaced."""
    return re.sub(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", lambda _: table, text, flags=re.DOTALL)


def main() -> None:
    """Write every table in its place."""
    for page, table in TABLES.items():
        path = DOCS / page
        path.write_text(with_table(path.read_text(), table()))


if __name__ == "__main__":
    main()
