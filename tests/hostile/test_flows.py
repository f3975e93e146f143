"""Hostile flows: each is refused by its name, on every surface, within its budget of memory, and nothing of it is kept."""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from runwright.cli.main import main
from runwright.errors import FlowSpecError
from runwright.executions.declared_flow import DeclaredFlow
from runwright.server.app import create_app
from runwright.server.context import ServerOptions
from runwright.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.hostile.confined import Confined

with warnings.catch_warnings(action="ignore"):  # newer versions ask for a client that is too new to ask for
    from starlette.testclient import TestClient

HEAD = "id: a\nnamespace: b\n"
TASKS = "tasks: [{id: t, type: log.Log, message: m}]\n"
SOUND = HEAD + TASKS
INVALID = 8
"""The exit status of `runwright validate` for a flow that is none."""


class Row(NamedTuple):
    """A text and the code of the problem that it has, None for one that is a flow all the same; `words` are in its message."""

    text: str
    code: str | None
    words: str = ""


def _tasks(*tasks: str) -> str:
    return HEAD + "tasks:\n" + "".join(f"  - {each}\n" for each in tasks)


def _with_id(identity: str) -> Row:
    return Row(f"id: {identity}\nnamespace: b\n{TASKS}", "invalid_id")


LAUGHS = (
    "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + SOUND
)
MERGES = "m0: &m0 {k: 1}\n" + "".join(f"m{i}: &m{i} {{<<: *m{i - 1}, k{i}: 1}}\n" for i in range(1, 1000))
DEEP = HEAD + "tasks: " + "[{id: a, type: flow.Sequential, tasks: " * 60 + "[]" + "}]" * 60


def _dag(*rows: str) -> str:
    return _tasks("{id: d, type: flow.Dag, tasks: [" + ", ".join(rows) + "]}")


def _needs(task: str, needed: str) -> str:
    return f"{{task: {{id: {task}, type: debug.Return}}, dependsOn: [{needed}]}}"


ROWS = {
    # ---- aliases and tags
    "billion laughs": Row(LAUGHS, "yaml_alias_budget"),
    "an alias inside of itself": Row("variables: &a [*a]\n" + SOUND, "yaml_cycle"),
    "a thousand merges": Row(MERGES + SOUND, "yaml_alias_budget"),
    "a call of Python": Row(SOUND + 'variables: {v: !!python/object/apply:os.system ["id"]}', "yaml_tag"),
    "a name of Python": Row(SOUND + "variables: {v: !!python/name:os.system }", "yaml_tag"),
    "binary data": Row(SOUND + "variables: {v: !!binary aGVsbG8=}", "yaml_tag"),
    "an unknown tag": Row(SOUND + "variables: {v: !secret b}", "yaml_tag"),
    # ---- keys and values
    "a key that is there twice": Row(SOUND + "description: a\ndescription: b\n", "duplicate_key", "line 4"),
    "a task that is there twice": Row(
        _tasks("{id: t, type: debug.Return}", "{id: t, type: debug.Return}"), "duplicate_id", "t"
    ),
    "an unknown key": Row(SOUND + "tsaks: []", "unknown_key", "Did you mean 'tasks'"),
    "a date that is none": Row(
        SOUND + "inputs: [{id: d, type: DATE, defaults: 2024-13-45}]", "invalid_value", "Expected `DATE`"
    ),
    "what looks like a date": Row(SOUND + "variables: {d: 2024-13-45}", None),
    "a number of 5000 digits": Row(SOUND + f"variables: {{n: {'1' * 5000}}}", "number_range"),
    "a number of 5000 hexadecimal digits": Row(SOUND + f"variables: {{n: 0x{'f' * 5000}}}", "number_range"),
    "a number of 5000 digits where a number belongs": Row(
        SOUND + f"concurrency: {{limit: {'1' * 5000}}}", "number_range"
    ),
    "an octal number of 5000 digits": Row(SOUND + f"variables: {{n: 0o{'7' * 5000}}}", "number_range"),
    "a float beyond all floats": Row(SOUND + "variables: {n: 1e999999999}", "number_range"),
    "a scalar of 300 KiB": Row(SOUND + "description: " + "x" * 300 * 1024, "yaml_size"),
    "a scalar of 200 KiB": Row(SOUND + "description: " + "x" * 200 * 1024, None),
    # ---- text
    "tabs": Row(SOUND + "labels:\n\ta: b", "yaml_syntax"),
    "a byte order mark": Row("\ufeff" + SOUND, None),
    "NUL": Row(SOUND + "description: a\0b", "yaml_syntax"),
    "NUL, escaped": Row(SOUND + 'description: "a\\0b"', None),
    "a line separator": Row(SOUND + 'description: "a\u2028b"', None),
    "text that runs backwards in an id": Row(SOUND.replace("id: a", 'id: "a\u202eb"'), "invalid_id"),
    "both kinds of line ends": Row("id: a\r\nnamespace: b\n" + TASKS + "description: c\r\n", None),
    "two documents": Row(SOUND + "---\n" + SOUND, "yaml_documents"),
    "another YAML": Row("%YAML 9.9\n---\n" + SOUND, "yaml_syntax"),
    # ---- names
    "an id that leads up": _with_id("../x"),
    "an id with a slash": _with_id("a/b"),
    "an id that is a dot": _with_id("."),
    "an id that is empty": _with_id('""'),
    "an id of 300 characters": _with_id("x" * 300),
    "an id with an escaped slash": _with_id("tenant%2f.."),
    "an id that is an option": _with_id("-x"),
    "an id with a letter of another alphabet": _with_id("\u0430dmin"),
    "an id with a family": _with_id("\U0001f469\u200d\U0001f467"),
    "an id that is composed": _with_id("caf\u00e9"),
    "an id that is decomposed": _with_id("cafe\u0301"),
    "an id with a line end": _with_id('"a\\nb"'),
    "a namespace that leads up": Row(f"id: a\nnamespace: ../b\n{TASKS}", "invalid_id"),
    "a task that leads up": Row(_tasks('{id: "../t", type: debug.Return}'), "invalid_id"),
    "the name of a device": Row(f"id: CON\nnamespace: b\n{TASKS}", None),
    # ---- what refers to what
    "tasks that wait for each other": Row(_dag(_needs("x", "y"), _needs("y", "x")), "dependency_cycle", "x, y"),
    "a task that waits for itself": Row(_dag(_needs("x", "x")), "dependency_cycle", "x"),
    "a task that waits for none": Row(_dag(_needs("x", "nowhere")), "unknown_task", "nowhere"),
    "tasks that are nested 60 deep": Row(DEEP, "yaml_depth"),
    "a list that is nested 100000 deep": Row(HEAD + "tasks: " + "[" * 100_000, "yaml_syntax"),
    "20000 values": Row(SOUND + "variables: {v: [" + "1," * 20_000 + "]}", "yaml_nodes"),
    "an input that depends on itself": Row(
        SOUND + "inputs: [{id: i, type: STRING, dependsOn: {inputs: [i]}}]", "dependency_cycle"
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_hostile_flow_is_refused_within_its_budget(confined: Confined, name: str) -> None:
    """By its name, with a place and words; or it is a flow, and nothing else."""
    row = ROWS[name]
    found = confined.ask(flow=row.text)
    assert found.keys() == {"is_flow", "problems"}, found
    assert (row.code is None) == found["is_flow"]
    messages = [message for code, _, _, message in found["problems"] if code == row.code]
    assert row.code is None or any(row.words in each for each in messages), found["problems"]


def test_where_a_flow_is_nested_too_deep_is_told(confined: Confined) -> None:
    (problem,) = confined.ask(flow=DEEP)["problems"]
    assert problem[2].startswith("tasks[0].tasks[0].tasks[0]")


def test_both_lines_of_a_duplicate_key_are_told(confined: Confined) -> None:
    (problem,) = confined.ask(flow=ROWS["a key that is there twice"].text)["problems"]
    assert (5, True) == (problem[1], "the first is on line 4" in problem[3])


@pytest.fixture
def served() -> Iterator[tuple[Any, MemoryStore]]:
    """Give a client of a server, and its record."""
    record = MemoryStore()
    with TestClient(
        create_app(record, options=ServerOptions(hosts=("testserver",))), raise_server_exceptions=False
    ) as client:
        yield client, record


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.code is not None])
def test_a_hostile_flow_is_refused_by_the_server(served: tuple[Any, MemoryStore], name: str) -> None:
    """As invalid, not as an accident, and nothing of it is on the record."""
    client, record = served
    answer = client.post(
        "/api/v1/main/flows", content=ROWS[name].text.encode(), headers={"content-type": "application/x-yaml"}
    )
    assert 422 == answer.status_code, answer.text
    assert [True, True] == ["message" in answer.json(), "Traceback" not in answer.text]
    assert [] == record.flows()


@pytest.mark.parametrize("name", ROWS)
def test_a_hostile_flow_is_refused_by_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """With the file, line and column of each problem, and no traceback."""
    path = tmp_path / "flow.yaml"
    path.write_bytes(ROWS[name].text.encode())
    status = main(["validate", "-f", str(path)])
    told = capsys.readouterr()
    assert (0 if ROWS[name].code is None else INVALID) == status
    assert "Traceback" not in told.out + told.err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_a_file_in_another_encoding_is_a_flow_or_refused(tmp_path: Path, encoding: str) -> None:
    """UTF-16 with a mark is read; what cannot be told apart is no UTF-8."""
    path = tmp_path / "flow.yaml"
    path.write_bytes((SOUND + "description: \u00e9\n").encode(encoding))
    if encoding == "utf-16":
        assert "\u00e9" == DeclaredFlow.from_file(path).spec.description
        return
    with pytest.raises(FlowSpecError, match=r"UTF-8|no valid YAML"):
        DeclaredFlow.from_file(path)


def test_what_is_refused_leaves_the_flow_before_as_it_was(served: tuple[Any, MemoryStore]) -> None:
    client, record = served
    assert (
        200
        == client.post("/api/v1/main/flows", content=SOUND, headers={"content-type": "application/x-yaml"}).status_code
    )
    (before,) = record.flows()
    with contextlib.suppress(ValueError):
        client.put("/api/v1/main/flows/b/a", content=LAUGHS, headers={"content-type": "application/x-yaml"}).json()
    assert [before] == record.flows()
